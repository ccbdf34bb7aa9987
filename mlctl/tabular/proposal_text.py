"""Writes findings as a commented `mlctl.toml`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, log, log10

from mlctl.domain.spec import ReadSpec
from mlctl.tabular.findings import Findings

_WIDTH = 100
_WEEKS = 8 * 7
_YEAR = 365
_SMALL = 5_000
_TINY = 200
_SHOWN = 6
_COLUMN = 34
_TEST_SHARE = 0.2
_FIRST = {"regression": "mae", "quantile": "pinball", "binary": "roc_auc", "multiclass": "log_loss"}


def written(found: Findings, *, project: str, model: str, data_name: str, data_path: str) -> str:
    """The text of `mlctl.toml`."""
    blocks = [
        _opening(found, project, data_path),
        _data(found, data_name, data_path),
        *_test_data(found, data_name),
        _model(found, model, data_name),
        _features(found, model),
        _split(found, model),
        _eval(found, model),
        _gates(found, model),
        _serve(model),
        _monitor(found, model),
        _retrain(found, model),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _opening(found: Findings, project: str, data_path: str) -> list[str]:
    target = found.target
    classes = " or ".join(_plain(text) for text, _ in target.counts[:_SHOWN]) + (
        ", …" if len(target.counts) > _SHOWN else ""
    )
    question = f"Which {_plain(target.name)}: {classes}?"
    if target.quantile is not None:
        question = f"Which {_plain(target.name)} is not exceeded in {100 * target.quantile:g} % of cases?"
    elif target.task == "regression":
        question = f"How much is {_plain(target.name)}?"
    return [
        f"# {question} Proposed by `mlctl init --from` from what {_plain(data_path)} says",
        f"# ({found.rows:,} rows, {found.columns} columns); every line is yours to change.",
        "# `mlctl spec explain` prints every key, with the default of those that are left out.",
        "spec = 1",
        "",
        "[project]",
        f"name = {_text(project)}",
    ]


def _data(found: Findings, name: str, path: str) -> list[str]:
    lines = [f"[data.{_key(name)}]", f"path = {_text(path)}"]
    if found.key:
        lines.append(
            _commented(
                f"key = {_list(found.key)}", "names a row: logged with each prediction, never a feature"
            )
        )
    else:
        lines.append(
            '# key = ["…"]  no column names a row; labels that come later are matched by the prediction\'s id'
        )
    if found.time:
        lines.append(
            _commented(f"time = {_list(found.time)}", "when the thing that a row describes happened")
        )
    lines += ["checks = [", *(f"    {_text(check)}," for check in found.checks), "]"]
    return [*lines, *_read(found.read, name)]


def _test_data(found: Findings, name: str) -> list[list[str]]:
    if found.test is None:
        return []
    test, path, read = found.test
    lines = [
        f"[data.{_key(test)}]",
        _commented(f"path = {_text(path)}", f"the rows that {name} is tested on"),
    ]
    return [[*lines, *_read(read, test)]]


def _read(read: ReadSpec, name: str) -> list[str]:
    default = ReadSpec()
    lines = []
    if read.header is not None:
        lines.append(f"header = {'true' if read.header else 'false'}")
    if read.names:
        lines.append(f"names = {_wrapped(read.names)}")
    if read.null:
        lines.append(_commented(f"null = {_list(read.null)}", "texts that mean: missing"))
    odd = [key for key in ("delimiter", "encoding", "decimal") if getattr(read, key) != getattr(default, key)]
    lines += [f"{key} = {_text(getattr(read, key))}" for key in odd]
    if read.types:
        lines.append(f"types = {_table(read.types)}")
    for column, texts in read.replace.items():
        lines.append(_commented(f"replace.{_key(column)} = {_table(texts)}", "one spelling for both files"))
    return ["", f"[data.{_key(name)}.read]", *lines] if lines else []


def _model(found: Findings, model: str, data: str) -> list[str]:
    target = found.target
    classes = ", ".join(f"{_plain(text)} {count:,}" for text, count in target.counts[:_SHOWN])
    lines = [
        f"[model.{_key(model)}]",
        f"data = {_text(data)}",
        f"target = {_text(target.name)}",
        _commented(f"task = {_text(target.task)}", classes + (", …" if len(target.counts) > _SHOWN else "")),
    ]
    if target.quantile is not None:
        lines.append(_commented(f"quantile = {target.quantile:g}", "the estimator is told by it"))
    if target.doubt:
        lines.append(f"# {target.doubt}")
    if target.positive is not None:
        lines.append(
            _commented(
                f"positive = {_text(target.positive)}",
                "the class that precision, recall and curves are about",
            )
        )
    if found.excluded:
        rows = [(f"    {_text(name)},", why) for name, why in found.excluded.items()]
        lines += ["exclude = [", *_aligned(rows), "]"]
    if found.weight is not None:
        lines.append(
            _commented(f"weight = {_text(found.weight)}", "how much a row counts, learnt from and judged on")
        )
    baseline = {"regression": "mean", "quantile": "quantile"}.get(target.task, "prior")
    return [
        *lines,
        *_estimator(found),
        _commented(f'baseline = "{baseline}"', "whatever does not beat this cannot be promoted"),
        _commented('refit = "all"', "after the gates: the same recipe fitted again on all rows"),
        "seed = 7",
    ]


def _estimator(found: Findings) -> list[str]:
    regression = not found.target.counts
    if found.prose and found.target.quantile is None:
        name = "Ridge" if regression else "LogisticRegression"
        params = "{ alpha = 1.0 }" if regression else "{ max_iter = 1000 }"
        return [
            _commented(f'estimator = "sklearn.linear_model:{name}"', "of counted words"),
            f"params = {params}",
        ]
    name = "HistGradientBoostingRegressor" if regression else "HistGradientBoostingClassifier"
    params = "params = { max_iter = 200 }"
    if found.rows < _SMALL:
        leaf = ", min_samples_leaf = 5" if found.rows < _TINY else ""
        params = _commented(
            f"params = {{ max_iter = 100, learning_rate = 0.05, max_depth = 3{leaf} }}",
            "gentle: few rows are soon learnt by heart",
        )
    return [f'estimator = "sklearn.ensemble:{name}"', params]


def _features(found: Findings, model: str) -> list[str]:
    rows = [
        (
            f"{_key(feature.name)} = {feature.declared}" if feature.declared else f"# {feature.name}",
            feature.seen,
        )
        for feature in found.features
    ]
    return [
        f"[model.{_key(model)}.features]  # treatment follows the type; name a column here to change it",
        *_aligned(rows),
    ]


def _split(found: Findings, model: str) -> list[str]:
    lines = [f"[model.{_key(model)}.split]"]
    if found.test is not None:
        return [*lines, 'by = "dataset"', f"test = {_text(found.test[0])}"]
    if found.time:
        return [
            *lines,
            'by = "time"',
            _commented('test = "20%"', "the newest rows: what it will meet is newer still"),
        ]
    return [*lines, 'by = "random"', 'test = "20%"']


def _eval(found: Findings, model: str) -> list[str]:
    metrics = {
        "regression": ("mae", "r2", "bias"),
        "quantile": ("pinball", "coverage"),
        "binary": ("roc_auc", "log_loss", "accuracy", "recall", "precision"),
        "multiclass": ("log_loss", "accuracy", "macro_f1"),
    }[found.target.task]
    lines = [
        f"[model.{_key(model)}.eval]",
        _commented(f"metrics = {_list(metrics)}", "the first one gives the verdict"),
    ]
    if found.time and found.test is None:
        unit = "week" if (found.days or 0) * _TEST_SHARE >= _WEEKS / 2 else "day"
        lines.append(
            _commented(f'resample = "{unit}"', f"rows of one {unit} are alike: intervals draw whole {unit}s")
        )
    if found.slices:
        lines += ["", f"[model.{_key(model)}.eval.slices]"]
        lines += [f"{_key(name)} = {_text(expression)}" for name, expression in found.slices.items()]
    return lines


def _gates(found: Findings, model: str) -> list[str]:
    """Gates on metrics that need no threshold; the baseline on the same rows is a gate anyway.

    A limit taken from the whole table would be another one than the baseline's on the test rows.
    """
    target = found.target
    first = _FIRST[target.task]
    limit, said = _limit(found)
    absolute = f"{limit}, " if target.task == "binary" else ""
    rule = f'{first} = {{ {absolute}incumbent = "not_worse" }}'
    other = {"regression": "r2", "quantile": "coverage", "binary": "log_loss", "multiclass": "macro_f1"}[
        target.task
    ]
    lines = [
        f"[model.{_key(model)}.gates.production]",
        _commented(rule, said),
        f'{other} = {{ incumbent = "not_worse" }}',
    ]
    if found.slices:
        rule = f'"{first}@slices" = {{ incumbent = "not_worse", min_rows = 100 }}'
        lines.append(_commented(rule, "no slice may clearly lose"))
    return lines


def _limit(found: Findings) -> tuple[str, str]:
    """What answers without a look at the row get in the task's first metric, and a sentence on it."""
    target = found.target
    if not target.counts:
        limit = _rounded(target.baseline)
        always = "mean" if target.quantile is None else "quantile of all rows"
        return f"max = {limit}", f"always answering the {always} gets {limit}"
    if target.task == "binary":
        return "min = 0.5", "tossing a coin gets 0.5"
    rows = sum(count for _, count in target.counts)
    entropy = -sum(count / rows * log(count / rows) for _, count in target.counts if count)
    limit = f"{ceil(entropy * 1000) / 1000:g}"
    return f"max = {limit}", f"answering how frequent each class is gets {limit}"


def _serve(model: str) -> list[str]:
    return [
        f"[model.{_key(model)}.serve]",
        _commented('schema = "strict"', "a request with a name that is no feature, key or time is refused"),
        _commented('log = "durable"', "an answer is in the log before it is sent"),
    ]


def _monitor(found: Findings, model: str) -> list[str]:
    target = found.target
    key = f"key = {_list(found.key)}, " if found.key else ""
    limit = f"{_FIRST[target.task]} = {{ {_limit(found)[0]} }}"
    return [
        f"[model.{_key(model)}.monitor]",
        'time = "event"' if found.time else 'time = "served"',
        'window = "7d"',
        _commented('false_alarms = "1 per 90d"', "how many alarms you accept when nothing is wrong"),
        _commented(
            f'labels = {{ {key}delay = "1d" }}', "how truth finds its prediction, and how late it comes"
        ),
        _commented(f"performance = {{ {limit} }}", "worse than the baseline is an alarm at once"),
    ]


def _retrain(found: Findings, model: str) -> list[str]:
    window = (
        ('window = "182d"', 'newer rows teach more; "all" keeps every row')
        if (found.days or 0) > _YEAR
        else (
            'window = "all"',
            "",
        )
    )
    return [
        f"[model.{_key(model)}.retrain]",
        _commented('when = ["performance"]', "drift alone is reported, not a reason"),
        _commented('data = "dataset"', "logged rows carry no weight")
        if found.weight is not None
        else _commented('data = "served"', "logged rows joined to their labels, frozen as a dataset version"),
        _commented(*window),
        _commented('test = "14d"', "held out of them, to compare with what is deployed"),
        _commented('then = "promote"', '"candidate" stops before the stage'),
    ]


def _rounded(value: float) -> str:
    """Three digits, never more than the value."""
    if value <= 0:
        return "0"
    digits = 2 - floor(log10(value))
    return f"{floor(value * 10.0**digits) / 10.0**digits:.{max(0, digits)}f}"


def _commented(line: str, comment: str = "") -> str:
    return f"{line:<36}  # {comment}" if comment else line


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(line) for line, _ in rows if len(line) <= _COLUMN), default=_COLUMN)
    return [f"{line:<{width}}  # {_plain(comment)}" if comment else line for line, comment in rows]


def _plain(text: str) -> str:
    """Text that can stand in a comment."""
    return " ".join(text.split())


def _text(text: str) -> str:
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _text(name)


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _wrapped(texts: Sequence[str]) -> str:
    """A list, on several lines where it is long."""
    whole = _list(texts)
    if len(whole) < _WIDTH:
        return whole
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(_text(text)) > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {_text(text)},"
    return "\n".join(["[", *lines, line, "]"])


def _table(texts: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_text(key)} = {_text(value)}" for key, value in texts.items()) + " }"

"""What matters of a model version and of a run, as a tree on one screen in the manner of `blame`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlctl.cli.columns import clipped, columns, minute
from mlctl.domain.digits import digits
from mlctl.domain.folds import MEAN, SPREAD
from mlctl.domain.ids import short
from mlctl.domain.model import ThresholdSearch

_BASELINE = "baseline."
_FEATURES = 30
_VALUE = 60
_LINE = 200
_FITTED_AGAIN = 3
Fields = Mapping[str, Any]
Branch = tuple[str, str, Sequence[str]]
"""Name, first line, and further lines below it."""


def model_tree(title: str, digest: str | None, record: Fields, related: Fields) -> list[str]:
    """A version: what it is, how good, what it sees, and what it came from."""
    stages = ", ".join(related["stages"])
    head = f"{title}  {stages}" if stages else title
    refit = f", refit {short(related['refit'])} on all rows" if related.get("refit") else ""
    signature = record["signature"]
    classes = f": {clipped(', '.join(signature['classes']))}" if signature["classes"] else ""
    branches: list[Branch] = [
        ("digest", f"{digest or ''}{refit}", ()),
        *([("files", related["removed"], ())] if related.get("removed") else []),
        ("estimator", f"{record['estimator']}  ({record['flavor']})", ()),
        ("loading", related["loading"], ()),
        ("params", _settings(related["parameters"]), ()),
        *_evaluated(related["evaluations"]),
        ("target", f"{signature['target']}, {signature['task']}{classes}{_level(signature)}", ()),
        *_decides(record),
        ("features", str(len(record["features"])), _features(record)),
        ("data", f"{', '.join(related['datasets'])}  {record['rows']:,} rows{_span(record)}", ()),
        ("run", f"{record['run']}  seed {related['seed']}", ()),
    ]
    if related["code"] is not None:
        branches.append(("code", _code(related["code"]), ()))
    branches += _reproduced(related)
    branches += [("approved", _approval(one), ()) for one in related["approvals"]]
    branches += [("decision", _decision(one), ()) for one in related["decided"]]
    if not related["decided"]:
        branches.append(("decision", f"{related['decision']}: registered, on no stage", ()))
    return [head, *_tree(branches)]


def _level(signature: Fields) -> str:
    return f", quantile {signature['quantile']:g}" if signature.get("quantile") is not None else ""


def _decides(record: Fields) -> list[Branch]:
    """From which probability on the positive class is answered, and how that was found."""
    signature, how = record["signature"], record.get("searched")
    if signature.get("threshold") is None:
        return []
    said = f"{signature['positive']} from a probability of {digits(signature['threshold'])} on"
    below = [msgspec.convert(how, ThresholdSearch).told] if how is not None else []
    return [("decides", said, below)]


def run_tree(title: str, digest: str | None, record: Fields, related: Fields) -> list[str]:
    """A run: its metrics first, then what went in."""
    made = ", ".join(related["models"]) or record["model"]
    head = f"{title}  {made}  {record['purpose']}, {record['status']} in {record['seconds']:.1f} s"
    rows = record["notes"].get("rows", {})
    counted = ", ".join(f"{rows[name]:,} {name}" for name in ("train", "test", "dropped") if rows.get(name))
    environment = record["environment"]
    branches: list[Branch] = [("error", record["error"], ())] if record["error"] else []
    branches += [
        ("metrics", "", _metrics(record["metrics"])),
        *_told(related),
        *_folds(record["notes"].get("folds", ())),
        *(("suspicious", one["text"], ()) for one in record["notes"].get("lint", ()) if not one["minor"]),
        ("params", f"{_settings(record['parameters'])}  seed {record['seed']}", ()),
        ("data", f"{', '.join(related['datasets'])}{f'  rows: {counted}' if counted else ''}", ()),
        *_weighed(record["notes"].get("weight")),
        ("code", _code(record["code"]), ()),
        ("python", f"{environment['python']}, {len(environment['packages'])} packages", ()),
        *_reproduced(related),
        *([("output", related["removed"], ())] if related.get("removed") else []),
        ("command", record["command"], ()),
        ("started", minute(record["started_at"]), ()),
        ("digest", digest or "", ()),
    ]
    return [head, *_tree(branches)]


def unfinished_tree(title: str, digest: str | None, record: Fields, related: Fields) -> list[str]:
    """A run that goes on, or was broken off: what is known so far."""
    del digest
    branches: list[Branch] = [("error", record["error"], ())] if record["error"] else []
    branches += [
        ("started", minute(record["started_at"]) if record["started_at"] else "", ()),
        *_told(related),
    ]
    return [f"{title}  {record['model']}  {record['purpose']}, {record['status']}", *_tree(branches)]


def _reproduced(related: Fields) -> list[Branch]:
    """A line for each time that it was fitted again, newest last."""
    return [
        (
            "reproduced",
            f"{one['outcome']}, {minute(one['time'])} by {one['by']}{_via(one)}, {one['where']}",
            (),
        )
        for one in related.get("reproductions", ())[-_FITTED_AGAIN:]
    ]


def _via(one: Fields) -> str:
    return "" if one["via"] == "terminal" else f" via {one['via']}"


def _told(related: Fields) -> list[Branch]:
    """What a program measured on the way, a line a series, and the last that it printed."""
    found: list[Branch] = []
    series = related.get("series") or {}
    if series:
        lines = [
            (
                name,
                f"last {_plain(one['last'])} at {one['step']}",
                f"low {_plain(one['low'])} at {one['low_step']}" if one["low"] is not None else "",
                f"high {_plain(one['high'])} at {one['high_step']}" if one["high"] is not None else "",
                f"{one['count']:,} points"
                + (f", {one['not_finite']:,} not finite" if one["not_finite"] else ""),
            )
            for name, one in series.items()
        ]
        found.append(("series", related["points"], columns(lines)))
    if related.get("unread"):
        found.append(("unread", f"{related['unread']:,} lines of the points file are no points", ()))
    if related.get("output"):
        found.append(("output", "", [clipped(line, _LINE) for line in related["output"]]))
    if related.get("traced") is False:
        found.append(("traced", "no: it is a program of its own, so all files of the project count", ()))
    return found


def _tree(branches: Sequence[Branch]) -> Iterator[str]:
    width = max(len(name) for name, _, _ in branches)
    for number, (name, text, below) in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{'└─' if last else '├─'} {name:<{width}}  {text}".rstrip()
        yield from (f"{' ' if last else '│'}    {line}" for line in below)


def _settings(values: Fields) -> str:
    return (
        " ".join(f"{name}={clipped(str(value), _VALUE)}" for name, value in values.items())
        or "the estimator's own"
    )


def _evaluated(evaluations: Sequence[Fields]) -> list[Branch]:
    if not evaluations:
        return [("metrics", "not evaluated yet", ())]
    newest = evaluations[-1]
    metrics = ", ".join(f"{name} {_plain(value)}" for name, value in newest["metrics"].items())
    verdict = "" if newest["verdict"] == "none" else f", {newest['verdict'].replace('_', ' ')}"
    in_use = [("in use", newest["in_use"], ())] if newest["in_use"] else []
    return [
        ("metrics", f"{metrics} on {newest['rows']:,} rows{verdict}  {short(newest['digest'])}", ()),
        *in_use,
    ]


def _features(record: Fields) -> list[str]:
    rows = [(clipped(one["column"]), one["type"], _treatment(one)) for one in record["features"]]
    lines = columns(rows[:_FEATURES])
    return lines if len(rows) <= _FEATURES else [*lines, f"… and {len(rows) - _FEATURES} more; -v shows all"]


def _treatment(one: Fields) -> str:
    """The treatment, with what differs from doing nothing."""
    said = [] if one["treatment"] == "pass" else [one["treatment"]]
    if one["categories"]:
        said.append(f"{len(one['categories'])} known values")
    if one["parts"]:
        said.append(", ".join(one["parts"]))
    if one["fill"] is not None:
        said.append(f"missing is {digits(one['fill'])}")
    if one["width"] > 1 and not one["parts"]:
        said.append(f"{one['width']} columns")
    return ", ".join(said)


def _span(record: Fields) -> str:
    first, last = record["learnt_from"], record["learnt_through"]
    return f", {minute(first)} to {minute(last)}" if first and last else ""


def _metrics(values: Fields) -> list[str]:
    """A line a metric, beside the baseline's and what the folds say."""
    own = [name for name in values if not name.startswith((_BASELINE, MEAN, SPREAD))]
    return columns(
        [
            (
                name,
                _plain(values[name]),
                f"baseline {_plain(values.get(_BASELINE + name))}{_over(values, name)}",
            )
            for name in own
        ],
        right=(1,),
    )


def _over(values: Fields, name: str) -> str:
    mean = values.get(MEAN + name)
    return "" if mean is None else f"  folds {_plain(mean)} ± {_plain(values.get(SPREAD + name))}"


def _folds(told: Sequence[Fields]) -> list[Branch]:
    """A line a fold: its rows, its time, its metrics."""
    if not told:
        return []
    lines = []
    for one in told:
        when = f"{minute(one['first'])} to {minute(one['last'])}" if "first" in one else ""
        metrics = ", ".join(f"{name} {_plain(value)}" for name, value in one["metrics"].items())
        lines.append((f"{one['train']:,} train", f"{one['test']:,} test", when, metrics))
    return [("folds", str(len(told)), columns(lines, right=(0, 1)))]


def _weighed(weight: Fields | None) -> list[Branch]:
    if weight is None:
        return []
    worth = f"{weight['train']:,.0f} train, {weight['test']:,.0f} test"
    return [("weight", f"{weight['column']}: worth as many rows of equal weight as {worth}", ())]


def _code(code: Fields) -> str:
    state = " with uncommitted changes" if code["dirty"] else ""
    patch = f" ({short(code['patch'])})" if code["patch"] else ""
    return f"{code['commit'] or 'no commit'}{state}{patch}"


def _decision(one: Fields) -> str:
    if one["number"] is None:
        return f"{one['stage']}: no decision"
    reason = f", “{one['reason']}”" if one["reason"] else ""
    return f"{one['number']}: {one['kind']} to {one['stage']} by {one['by']}, {minute(one['time'])}{reason}"


def _approval(one: Fields) -> str:
    reason = f", “{one['reason']}”" if one["reason"] else ""
    return (
        f"for {one['stage']} by {one['by']} <{one['email']}>, {minute(one['time'])}, {one['vouched']}{reason}"
    )


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return digits(value) if isinstance(value, float) else clipped(str(value), _VALUE)

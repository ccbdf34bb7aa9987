"""The sense of a spec: references that lead nowhere, texts that do not parse, contradictions.

Every function yields problems and looks only at its own part, so all are found in one pass.
"""

import codecs
import re

from mlctl.domain.check import parse_check
from mlctl.domain.evaluation import MOST_REPEATS
from mlctl.domain.nearest import nearest
from mlctl.domain.spec import DataSpec, FeatureSpec, ModelSpec, ReadSpec, Spec
from mlctl.domain.spec_answers import retain_problems, score_problems
from mlctl.domain.spec_rules import (
    Problems,
    budget,
    condition,
    expression,
    known_columns,
    known_metric,
    lasting,
    once,
    problem,
    undeclared,
    valid_name,
)
from mlctl.domain.spec_shape import dotted
from mlctl.domain.spec_split import split_problems
from mlctl.domain.spec_stages import gate_problems
from mlctl.domain.spec_tests import complaints
from mlctl.domain.toml_lines import Path

ALARMS = ("performance", "drift", "quality", "volume")
"""Kinds of alarm that `retrain.when` may name."""

BLOCKS = ("row", "day", "week", "month")
"""Units of `resample` besides columns."""

_IMPORT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*\Z")
_BUILD = re.compile(r"(?:[\w./-]+\.py|[A-Za-z_][\w.]*):[A-Za-z_]\w*\Z")
_AGE = re.compile(r"age\s*>\s*'([^']*)'\Z")
_TREATMENTS = {
    "number": ("pass", "impute", "scale"),
    "boolean": ("pass", "impute"),
    "category": ("ordinal", "onehot"),
    "datetime": ("calendar",),
    "text": ("hash",),
}
_BASELINES = {
    "regression": ("mean", "median"),
    "quantile": ("quantile",),
    "binary": ("majority", "prior"),
    "multiclass": ("majority", "prior"),
}


def problems_of(spec: Spec) -> Problems:
    """Every problem of sense, in the order of the file's tables."""
    for name, data in spec.data.items():
        yield from valid_name("dataset", name, ("data", name))
        yield from _data(data, ("data", name))
    for name, model in spec.model.items():
        yield from valid_name("model", name, ("model", name))
        yield from _model(spec, model, ("model", name))
    yield from score_problems(spec.score, ("score",))
    yield from retain_problems(spec.retain, ("retain",))


def _data(data: DataSpec, path: Path) -> Problems:
    if data.path.startswith(("/", "~")) or ".." in data.path.split("/"):
        yield problem(
            (*path, "path"), f"path {data.path!r} leaves the project's folder; put the file inside it"
        )
    columns = data.read.names
    for key, texts in (("key", data.key), ("time", data.time)):
        yield from once(texts, (*path, key))
        yield from known_columns(texts, columns, (*path, key))
    for index, text in enumerate(data.checks):
        yield from expression(text, lambda it: parse_check(it).columns, columns, (*path, "checks", index))
    yield from _read(data.read, (*path, "read"))


def _read(read: ReadSpec, path: Path) -> Problems:
    yield from once(read.names or [], (*path, "names"))
    for key, named in (("types", read.types), ("replace", read.replace)):
        for column in named:
            yield from known_columns([column], read.names, (*path, key, column), whole=True)
    if read.delimiter is not None and len(read.delimiter) != 1:
        yield problem((*path, "delimiter"), f"delimiter {read.delimiter!r} must be one character")
    if read.decimal not in {".", ","}:
        yield problem((*path, "decimal"), f"decimal {read.decimal!r} must be '.' or ','")
    elif read.decimal == read.delimiter:
        yield problem((*path, "decimal"), "decimal and delimiter cannot be the same character")
    try:
        codecs.lookup(read.encoding)
    except LookupError:
        yield problem(
            (*path, "encoding"), f"unknown encoding {read.encoding!r}", nearest(read.encoding, _ENCODINGS)
        )


def _model(spec: Spec, model: ModelSpec, path: Path) -> Problems:
    if model.data and model.data not in spec.data:
        yield undeclared(
            "dataset", model.data, spec.data, (*path, "data"), f"declare it as [data.{model.data}]"
        )
    data = spec.data.get(model.data)
    columns = data.read.names if data else None
    yield from _recipe(model, path)
    yield from _task(model, path)
    yield from _roles(model, data, columns, path)
    if model.train_where is not None:
        yield from condition(model.train_where, columns, (*path, "train_where"))
    yield from split_problems(spec, model, data, columns, (*path, "split"))
    yield from _eval(model, data, columns, (*path, "eval"))
    yield from gate_problems(model, (*path, "gates"))
    yield from _watching(model, data, columns, path)


def _recipe(model: ModelSpec, path: Path) -> Problems:
    given = [key for key in ("estimator", "build", "command") if getattr(model, key) is not None]
    if not given:
        yield problem((*path, "estimator"), f"[{dotted(path)}] needs one of estimator, build or command")
    for key in given[1:]:
        yield problem((*path, key), f"{key!r} and {given[0]!r} exclude each other; keep one")
    if model.estimator is not None and _IMPORT.match(model.estimator) is None:
        yield problem(
            (*path, "estimator"),
            f"estimator {model.estimator!r} is no import path; write 'package.module:Class', "
            "such as 'sklearn.ensemble:HistGradientBoostingRegressor'",
            _import_guess(model.estimator),
        )
    if model.build is not None and _BUILD.match(model.build) is None:
        yield problem((*path, "build"), f"build {model.build!r} must be like 'features.py:make_pipeline'")
    if model.command is not None and not model.command:
        yield problem((*path, "command"), "command is an empty list")
    if model.timeout is not None:
        yield from lasting(model.timeout, (*path, "timeout"), positive=True)
        if given and model.command is None:
            yield problem((*path, "timeout"), "timeout is for a command; nothing else is ended by it")
    if model.gates and model.baseline is None:
        yield problem(
            (*path, "baseline"),
            f"[{dotted(path)}] has gates but no baseline; worse than the baseline cannot pass",
        )


def _task(model: ModelSpec, path: Path) -> Problems:
    """Contradictions with a declared task; an undeclared one is known only with the data."""
    yield from _quantile(model, path)
    if model.task is None:
        return
    if model.baseline is not None and model.baseline not in _BASELINES[model.task]:
        fitting = " or ".join(_BASELINES[model.task])
        yield problem(
            (*path, "baseline"),
            f"baseline {model.baseline!r} does not fit task {model.task!r}; use {fitting}",
        )
    if model.positive is not None and model.task != "binary":
        yield problem((*path, "positive"), f"positive is for task 'binary', not {model.task!r}")


def _quantile(model: ModelSpec, path: Path) -> Problems:
    """The task and its quantile come together."""
    asked = model.task == "quantile"
    if asked and model.quantile is None:
        yield problem((*path, "task"), "task 'quantile' needs to know which one: quantile = 0.9")
    if model.quantile is not None and not asked:
        yield problem((*path, "quantile"), 'quantile is for task = "quantile"')
    if model.quantile is not None and not 0 < model.quantile < 1:
        yield problem((*path, "quantile"), f"quantile {model.quantile:g} must be above 0 and below 1")
    if model.baseline == "quantile" and model.task is None:
        yield problem((*path, "baseline"), "baseline 'quantile' is for task = \"quantile\"")
    if asked and model.retrain is not None and model.retrain.recalibrate is not None:
        yield problem(
            (*path, "retrain", "recalibrate"),
            "recalibrate brings means to a level, and a quantile is none; leave it out",
        )


def _roles(model: ModelSpec, data: DataSpec | None, columns: list[str] | None, path: Path) -> Problems:
    if model.target:
        yield from known_columns([model.target], columns, (*path, "target"), whole=True)
    yield from known_columns(model.exclude, columns, (*path, "exclude"))
    for column, feature in model.features.items():
        at = (*path, "features", column)
        yield from known_columns([column], columns, at, whole=True)
        if column == model.target:
            yield problem(at, f"the target {column!r} cannot be a feature")
        if column in model.exclude:
            yield problem(at, f"{column!r} is declared as a feature and excluded")
        yield from _feature(feature, at)
    if model.target and model.target in model.exclude:
        yield problem(
            (*path, "exclude"), f"the target {model.target!r} is never a feature; leave it out of exclude"
        )
    if data is not None and model.target and model.target in [*data.key, *data.time]:
        yield problem((*path, "target"), f"the target {model.target!r} is part of the key or the time")
    if model.weight is not None:
        yield from _weight(model, model.weight, data, columns, path)


def _weight(
    model: ModelSpec, weight: str, data: DataSpec | None, columns: list[str] | None, path: Path
) -> Problems:
    """A column of its own: no other role, and rows that all have it."""
    at = (*path, "weight")
    yield from known_columns([weight], columns, at, whole=True)
    named = [*data.key, *data.time, data.known_time] if data is not None else []
    roles: dict[str, list[str | None]] = {
        "the target": [model.target],
        "part of the key or the time": named,
        "a feature": list(model.features),
    }
    for role, names in roles.items():
        if weight in names:
            yield problem(at, f"the weight {weight!r} is {role}; a weight is a column of its own")
    if weight in model.exclude:
        yield problem(
            (*path, "exclude"), f"the weight {weight!r} is never a feature; leave it out of exclude"
        )
    if model.retrain is not None and model.retrain.data == "served":
        yield problem(
            (*path, "retrain", "data"),
            'served rows carry no weight; with a weight, write retrain.data = "dataset"',
        )


def _feature(feature: FeatureSpec, path: Path) -> Problems:
    if feature.type is not None and feature.treatment is not None:
        allowed = _TREATMENTS[feature.type]
        if feature.treatment not in allowed:
            yield problem(
                (*path, "treatment"),
                f"treatment {feature.treatment!r} does not fit type {feature.type!r}; "
                f"use {' or '.join(allowed)}",
            )
    if feature.parts is not None and (feature.type or "datetime") != "datetime":
        yield problem((*path, "parts"), f"parts are for type 'datetime', not {feature.type!r}")


def _decision(model: ModelSpec, path: Path) -> Problems:
    """Threshold and costs: one of them, of two classes, within their bounds."""
    asked = model.eval
    key = "threshold" if asked.threshold is not None else "costs"
    if asked.threshold is None and asked.costs is None:
        return
    if asked.threshold is not None and asked.costs is not None:
        yield problem((*path, "costs"), "threshold and costs exclude each other; keep one")
    if asked.threshold is not None and not 0 < asked.threshold < 1:
        yield problem((*path, "threshold"), f"threshold {asked.threshold} must be between 0 and 1")
    if asked.costs is not None and min(asked.costs.false_positive, asked.costs.false_negative) <= 0:
        yield problem((*path, "costs"), "costs must be above 0")
    if model.task is not None and model.task != "binary":
        yield problem((*path, key), f"{key} is for task 'binary', not {model.task!r}")


def _eval(model: ModelSpec, data: DataSpec | None, columns: list[str] | None, path: Path) -> Problems:
    for index, metric in enumerate(model.eval.metrics):
        yield from known_metric(metric, model, (*path, "metrics", index))
    yield from once(model.eval.metrics, (*path, "metrics"))
    if model.eval.samples < 1:
        yield problem((*path, "samples"), "samples must be at least 1")
    if not 1 <= model.eval.repeats <= MOST_REPEATS:
        yield problem((*path, "repeats"), f"repeats must be between 1 and {MOST_REPEATS}")
    yield from _decision(model, path)
    yield from once([test.name for test in model.eval.tests], (*path, "tests"))
    for index, test in enumerate(model.eval.tests):
        at = (*path, "tests", index)
        yield from (problem((*at, key), why) for key, why in complaints(test))
        if test.where is not None:
            yield from condition(test.where, columns, (*at, "where"))
    yield from once(model.eval.fairness, (*path, "fairness"))
    yield from known_columns(model.eval.fairness, columns, (*path, "fairness"))
    if model.eval.fairness and model.task not in {None, "binary"}:
        yield problem((*path, "fairness"), f"fairness is for task 'binary', not {model.task!r}")
    unit = model.eval.resample
    if unit in {"day", "week", "month"} and data is not None and not data.time:
        yield problem((*path, "resample"), f"resample = {unit!r} needs the dataset's time columns")
    if unit is not None and unit not in BLOCKS:
        yield from known_columns(
            [unit], [*BLOCKS, *columns] if columns else None, (*path, "resample"), whole=True
        )
    for name, text in model.eval.slices.items():
        yield from condition(text, columns, (*path, "slices", name))


def _watching(model: ModelSpec, data: DataSpec | None, columns: list[str] | None, path: Path) -> Problems:
    """serve, monitor and retrain."""
    serve, monitor = model.serve, model.monitor
    if serve.max_body < 1:
        yield problem((*path, "serve", "max_body"), "max_body must be at least 1 byte")
    at = (*path, "monitor")
    if monitor.time == "event" and data is not None and not data.time:
        yield problem((*at, "time"), "time = 'event' needs the dataset's time columns; or use 'served'")
    yield from lasting(monitor.window, (*at, "window"), positive=True)
    yield from lasting(monitor.labels.delay, (*at, "labels", "delay"))
    yield from known_columns(monitor.labels.key, columns, (*at, "labels", "key"))
    yield from budget(monitor.false_alarms, (*at, "false_alarms"))
    for name, limit in monitor.performance.items():
        yield from known_metric(name, model, (*at, "performance", name))
        if limit.max is None and limit.min is None:
            yield problem((*at, "performance", name), f"performance {name!r} needs max or min")
    yield from _retrain(model, (*path, "retrain"))


def _retrain(model: ModelSpec, path: Path) -> Problems:
    retrain = model.retrain
    if retrain is None:
        return
    for index, text in enumerate(retrain.when):
        at = (*path, "when", index)
        age = _AGE.match(text)
        if age is not None:
            yield from lasting(age[1], at, positive=True)
        elif text not in ALARMS:
            known = f"it is one of {' | '.join(ALARMS)}, or an age such as \"age > '56d'\""
            yield problem(at, f"when = {text!r} is unknown; {known}", nearest(text, ALARMS))
    if retrain.window not in {"all", "auto"}:
        yield from lasting(retrain.window, (*path, "window"), positive=True)
    yield from lasting(retrain.test, (*path, "test"), positive=True)
    if retrain.recalibrate is not None:
        yield from lasting(retrain.recalibrate.every, (*path, "recalibrate", "every"), positive=True)
        yield from lasting(retrain.recalibrate.window, (*path, "recalibrate", "window"), positive=True)


def _import_guess(text: str) -> str | None:
    """`a.b.C` is most likely `a.b:C`."""
    guess = ":".join(text.replace(":", ".").rsplit(".", 1))
    return guess if _IMPORT.match(guess) else None


_ENCODINGS = (
    "utf-8",
    "latin-1",
    "cp1252",
    "utf-16",
    "ascii",
    "iso-8859-1",
    "iso-8859-15",
    "shift_jis",
    "gb18030",
    "big5",
)

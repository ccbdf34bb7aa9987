"""Rules that many keys of a spec share: a known metric, a duration, an expression that parses."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlctl.domain.duration import duration
from mlctl.domain.errors import InvalidName
from mlctl.domain.expression import Name, names_of, parse
from mlctl.domain.expression_tokens import ExpressionError
from mlctl.domain.metric import METRICS, QUANTILE_METRICS
from mlctl.domain.nearest import nearest
from mlctl.domain.refs import check_name
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_shape import Problem
from mlctl.domain.toml_lines import Path

_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s+per\s+(.+)\Z")

Problems = Iterator[Problem]


def valid_name(kind: str, name: str, path: Path) -> Problems:
    """The text can name a dataset, a model or a stage."""
    try:
        check_name(kind, name)
    except InvalidName as error:
        yield problem(path, error.message)


def known_metric(name: str, model: ModelSpec, path: Path) -> Problems:
    """The metric exists and fits the task."""
    metric = METRICS.get(name)
    if metric is None:
        usual = {known: it for known, it in METRICS.items() if known not in QUANTILE_METRICS}
        fitting = [known for known, it in usual.items() if model.task is None or model.task in it.tasks]
        near = nearest(name, METRICS)
        yield problem(
            path, f"unknown metric {name!r}" + ("" if near else f"; known: {', '.join(fitting)}"), near
        )
    elif name == "cost" and model.eval.costs is None:
        yield problem(
            path, "metric 'cost' needs eval.costs = { false_positive = 1, false_negative = 5 }, or such"
        )
    elif model.task is not None and model.task not in metric.tasks:
        yield problem(
            path, f"metric {name!r} does not fit task {model.task!r}; it is for {' and '.join(metric.tasks)}"
        )


def condition(text: str, columns: list[str] | None, path: Path) -> Problems:
    """The text is a condition over columns that exist."""
    yield from expression(text, lambda it: names_of(parse(it)), columns, path)


def expression(
    text: str, read: Callable[[str], tuple[Name, ...]], columns: list[str] | None, path: Path
) -> Problems:
    """The text can be read, and names columns that exist."""
    try:
        names = read(text)
    except ExpressionError as error:
        yield problem(path, f"{last_key(path)}: {error}")
        return
    for name in names:
        yield from known_columns([name.name], columns, path, whole=True)


def known_columns(
    names: Iterable[str], known: list[str] | None, path: Path, *, whole: bool = False
) -> Problems:
    """Names that are not among the columns, where the spec itself says what these are (`read.names`)."""
    if known is None:
        return
    for index, name in enumerate(names):
        if name not in known:
            near = nearest(name, known)
            guess = "" if near else f"; read.names has {', '.join(known)}"
            yield problem(
                path if whole else (*path, index), f"no column {name!r} among read.names{guess}", near
            )


def lasting(text: str, path: Path, *, positive: bool = False) -> Problems:
    """The text is a duration."""
    try:
        length = duration(text)
    except ValueError as error:
        yield problem(path, f"{last_key(path)}: {error}")
        return
    if positive and not length:
        yield problem(path, f"{last_key(path)} must be longer than nothing")


def budget(text: str, path: Path) -> Problems:
    """The text is a number of alarms in a time, such as '1 per 90d'."""
    match = _BUDGET.match(text)
    if match is None or not float(match[1]):
        yield problem(path, f"false_alarms = {text!r} must be like '1 per 90d'")
    else:
        yield from lasting(match[2], path, positive=True)


def once(names: Iterable[str], path: Path) -> Problems:
    """No name stands twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield problem((*path, index), f"{name!r} stands twice in {last_key(path)}")
        seen.add(name)


def undeclared(
    kind: str, name: str, known: Mapping[str, Any] | list[str], path: Path, advice: str
) -> Problem:
    """The problem of a name that nothing declares."""
    near = nearest(name, known)
    return problem(path, f"no {kind} {name!r} is declared" + ("" if near else f"; {advice}"), near)


def last_key(path: Path) -> str:
    """The key that a path ends in, without indices."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def problem(path: Path, message: str, near: str | None = None) -> Problem:
    """A problem at a key; its line is found later."""
    return Problem(path=path, message=message, nearest=near)

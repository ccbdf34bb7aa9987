"""What kind of question a target column asks, and what answering without looking would get."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from mlctl.domain.errors import UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.values import text_of
from mlctl.tabular.schema import column_missing, type_name

_POSITIVE = (
    "1",
    "true",
    "yes",
    "y",
    "t",
    "positive",
    "pos",
    "spam",
    "fraud",
    "churn",
    "churned",
    "default",
    "bad",
)
_FEW = 10
_MANY_CLASSES = 100
_HINT = "mlctl init --help"
_NUMBERS = ("regression", "quantile")
_TASKS = (*_NUMBERS, "binary", "multiclass")
_USUAL_QUANTILE = 0.9


class Target(Struct, frozen=True, kw_only=True):
    """A target column, understood.

    Attributes:
        task: "regression", "quantile", "binary" or "multiclass".
        quantile: of "quantile": which one.
        counts: rows of each class, as text, most frequent first; () for a regression.
        positive: of "binary": a usual word for yes, or the rarer class.
        baseline: what the simplest answer gets: the mean's absolute error, or the largest class's share.
        doubt: a sentence where the task could be another one.
    """

    name: str
    task: str
    counts: tuple[tuple[str, int], ...] = ()
    positive: str | None = None
    baseline: float = 0.0
    doubt: str = ""
    quantile: float | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """What is said of a target beforehand.

    Attributes:
        task: None: as it suggests.
        quantile: which one, for the task "quantile"; None: 0.9.
        weights: of the rows, a column; None for equal ones.
    """

    task: str | None = None
    quantile: float | None = None
    weights: Any = None


_NOTHING = Asked()


def understood(table: pa.Table, name: str, source: str, asked: Asked = _NOTHING) -> Target:
    """The target column of a table.

    Raises:
        ColumnMissing: the table has no such column.
        UsageError: it has missing values, one value only, or text that is different in most rows; or it does
            not fit the task that is asked for.
    """
    if name not in table.column_names:
        raise column_missing(name, table.column_names, source)
    column = table.column(name)
    if column.null_count:
        _refuse_missing(column, name, source)
    type_ = type_name(column.type)
    values = pc.value_counts(column)
    if len(values) == 1:
        raise UsageError(
            f"{source}: {name} is {text_of(values[0]['values'].as_py())!r} in every row; "
            "there is nothing to learn",
            _HINT,
            column=name,
        )
    if type_ in {"date", "datetime"}:
        raise UsageError(f"{source}: {name} holds times; a target is a number or a class", _HINT, column=name)
    _check_asked(asked)
    if asked.task in _NUMBERS:
        if type_ not in {"integer", "number"}:
            raise UsageError(
                f"{source}: {name} holds {type_}; --task {asked.task} needs numbers", _HINT, column=name
            )
        return _regression(column, name) if asked.task == "regression" else _quantile(column, name, asked)
    if (type_ == "number" and not _is_flag(column)) or (
        type_ == "integer" and not _are_codes(column, len(values))
    ):
        found = _regression(column, name)
    else:
        found = _classes(values, name, type_, table.num_rows, source)
    if asked.task not in {None, found.task}:
        raise UsageError(
            f"{source}: {name} is no target for --task {asked.task}: it is {found.task}", _HINT, column=name
        )
    return found


def _check_asked(asked: Asked) -> None:
    if asked.task is not None and asked.task not in _TASKS:
        near = nearest(asked.task, _TASKS)
        guess = f"; did you mean {near!r}?" if near else f"; it is one of {', '.join(_TASKS)}"
        raise UsageError(f"--task {asked.task} is unknown{guess}", _HINT)
    if asked.quantile is not None and asked.task != "quantile":
        raise UsageError("--quantile goes with --task quantile", _HINT)
    if asked.quantile is not None and not 0 < asked.quantile < 1:
        raise UsageError(f"--quantile {asked.quantile:g} must be above 0 and below 1", _HINT)


def _refuse_missing(column: pa.ChunkedArray, name: str, source: str) -> None:
    first = int(pc.index(pc.is_null(column), value=True).as_py()) + 1
    raise UsageError(
        f"{source}: {name} is missing in {column.null_count} of {len(column)} rows "
        f"(the first is data row {first}); rows without an answer "
        "cannot teach or test one: leave them out of the file",
        _HINT,
        column=name,
        missing=column.null_count,
        row=first,
    )


def _is_flag(column: pa.ChunkedArray) -> bool:
    return {*pc.unique(column).to_pylist()} == {0.0, 1.0}


def _are_codes(column: pa.ChunkedArray, distinct: int) -> bool:
    """Whether whole numbers are classes: two of them, or few close together and each often repeated."""
    bounds = pc.min_max(column).as_py()
    return distinct == len(("no", "yes")) or (
        distinct <= _FEW and bounds["max"] - bounds["min"] < 2 * _FEW and len(column) >= _FEW * distinct
    )


def _regression(column: pa.ChunkedArray, name: str) -> Target:
    values = np.asarray(column.cast(pa.float64()).to_numpy())
    return Target(name=name, task="regression", baseline=float(np.mean(np.abs(values - np.mean(values)))))


def _quantile(column: pa.ChunkedArray, name: str, asked: Asked) -> Target:
    """The baseline is the pinball loss of always answering the quantile of all rows."""
    values = np.asarray(column.cast(pa.float64()).to_numpy())
    level = _USUAL_QUANTILE if asked.quantile is None else asked.quantile
    weights = None if asked.weights is None else np.asarray(asked.weights.cast(pa.float64()).to_numpy())
    order = np.argsort(values, kind="stable")
    running = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    answer = values[order][np.argmax(running >= level * running[-1])]
    loss = np.maximum(level * (values - answer), (1 - level) * (answer - values))
    baseline = float(np.average(loss, weights=weights))
    return Target(name=name, task="quantile", baseline=baseline, quantile=level)


def _classes(values: pa.StructArray, name: str, type_: str, rows: int, source: str) -> Target:
    counts = sorted(
        ((text_of(entry["values"].as_py()) or "", int(entry["counts"].as_py())) for entry in values),
        key=lambda pair: (-pair[1], pair[0]),
    )
    if len(counts) > _MANY_CLASSES or len(counts) > rows / 2:
        raise UsageError(
            f"{source}: {name} holds {len(counts)} different texts in {rows} rows; a class repeats, "
            f"and there are at most {_MANY_CLASSES}",
            _HINT,
            column=name,
        )
    binary = len(counts) == len(("no", "yes"))
    return Target(
        name=name,
        task="binary" if binary else "multiclass",
        counts=tuple(counts),
        positive=_positive(counts) if binary else None,
        baseline=counts[0][1] / rows,
        doubt='its whole numbers are taken for classes; if they are amounts, say task = "regression"'
        if type_ == "integer" and not binary
        else "",
    )


def _positive(counts: list[tuple[str, int]]) -> str:
    folded = {text.casefold(): text for text, _ in counts}
    return next((folded[word] for word in _POSITIVE if word in folded), counts[-1][0])

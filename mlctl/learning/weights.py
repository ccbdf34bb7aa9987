"""How much each row counts: read from a column, checked, and handed to an estimator that takes weights."""

import inspect
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import TrainingFailed, UsageError
from mlctl.learning.rows import Array
from mlctl.tabular.schema import require_columns, type_name

_PARAMETER = "sample_weight"
_INNER = (("cv", "estimator"), ("transformer", "regressor"))
"""Marks of estimators that hand `fit`'s further arguments on (searches; a regressor of a transformed target),
and where the one stands that they are handed to."""


def weights_of(table: pa.Table, column: str | None) -> Array | None:
    """The weights of a table's rows, shape (rows,) float64; None where no column says any."""
    if column is None:
        return None
    require_columns(table, [column], "the table")
    return np.asarray(table.column(column).cast(pa.float64()).to_numpy(), dtype=np.float64)


def check_weights(column: pa.ChunkedArray, name: str, source: str, places: Array) -> None:
    """That every row has a weight that can be one.

    Args:
        column: of the rows that count.
        name: of the column.
        source: of the rows, for messages.
        places: where each row stands in the source, from 0.

    Raises:
        TrainingFailed: the column holds no numbers, one that is missing, infinite or below 0, or 0 alone.
    """
    hint = f"mlctl data show {source}"
    if type_name(column.type) not in {"integer", "number"}:
        raise TrainingFailed(
            f"weight {name!r} of {source} holds {type_name(column.type)}, not numbers", hint, column=name
        )
    values = column.cast(pa.float64())
    good = pc.and_(pc.is_finite(values), pc.greater_equal(values, 0.0))
    bad = np.flatnonzero(~np.asarray(pc.fill_null(good, fill_value=False)))
    if len(bad):
        value = values[int(bad[0])].as_py()
        row = int(places[bad[0]]) + 1
        why = "is missing" if value is None else f"= {value:g}"
        raise TrainingFailed(
            f"weight {name!r} of {source}, row {row}: {name} {why}; a weight is a finite number, 0 or more"
            + (f" (so in {len(bad):,} rows)" if len(bad) > 1 else ""),
            hint,
            column=name,
            row=row,
            value=str(value),
            rows=len(bad),
        )
    if not (pc.sum(values).as_py() or 0.0) > 0:
        raise TrainingFailed(
            f"weight {name!r} of {source} is 0 in all {len(values):,} rows; no row would count",
            hint,
            column=name,
        )


def weighed(table: pa.Table, column: str | None, source: str, side: str) -> None:
    """That some row of a side of the split counts.

    Raises:
        TrainingFailed: all weights are 0.
    """
    weights = weights_of(table, column)
    if weights is not None and len(weights) and not weights.sum() > 0:
        raise TrainingFailed(
            f"weight {column!r} is 0 in all {len(weights):,} {side} rows of {source}; none of them counts",
            f"mlctl data show {source}",
            column=column,
        )


def handed(estimator: Any, weights: Array | None, column: str | None) -> dict[str, Array]:
    """What `fit` is given besides rows and targets; {} without weights.

    Raises:
        UsageError: it has no place for weights.
    """
    if weights is None:
        return {}
    name = _name(estimator)
    if name is None:
        kind = type(_last(estimator)).__name__
        raise UsageError(
            f"weight = {column!r} cannot be used: fit of {kind} takes no {_PARAMETER}; leave weight out, or "
            "take an estimator that weighs its rows",
            "mlctl spec explain",
            estimator=kind,
        )
    return {name: weights}


def _name(estimator: Any) -> str | None:
    """The argument of `fit` that weighs rows: of a pipeline, that of its last step."""
    given = _arguments(estimator)
    if _PARAMETER in given:
        return _PARAMETER
    if hasattr(estimator, "steps"):
        step, last = estimator.steps[-1]
        inner = _name(last)
        return None if inner is None else f"{step}__{inner}"
    for mark, place in _INNER:
        if hasattr(estimator, mark) and getattr(estimator, place, None) is not None:
            return _name(getattr(estimator, place))
    return None


def _last(estimator: Any) -> Any:
    return _last(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def _arguments(estimator: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(estimator.fit).parameters)
    except (AttributeError, TypeError, ValueError):  # "passthrough", or some builtin that does not tell
        return frozenset()

"""What a model's windows are judged by: everything that follows from its reference alone, worked out once.

A standard depends on the reference, the window and the budget, not on what is served; it is kept with a
report and read back by the next look.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.contracts.detector import Detector
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.prediction import OUTPUT, PROBABILITIES
from mlctl.domain.records import Record
from mlctl.monitoring import drift, quality
from mlctl.monitoring.columns import class_codes, compared, kinds_of, numbers, present, probability_rows
from mlctl.monitoring.drift import Values
from mlctl.monitoring.performance import (
    Residuals,
    RowValues,
    class_values,
    regression_values,
    residual_thresholds,
)
from mlctl.statistics.calibration import Budget
from mlctl.tabular.time import event_time

_YEAR = np.timedelta64(364, "D")
_MONDAY_MS = 4 * 86_400_000
_WEEK = timedelta(days=7)


class Standard(Record, frozen=True, kw_only=True):
    """What windows are judged by.

    Attributes:
        residuals: thresholds of the residual alarm.
        null: by column, the drift statistic of each window of the reference against the rest of it.
        missing: share of missing cells by column.
        constant: columns that hold one value in some window of the reference.
        season: "known", or "unknown" where the reference spans less than a year or has no time.
        rows: of the reference.
    """

    residuals: Residuals
    null: dict[str, list[float]] = msgspec.field(default_factory=dict)
    missing: dict[str, float] = msgspec.field(default_factory=dict)
    constant: tuple[str, ...] = ()
    season: str = "unknown"
    rows: int = 0

    @property
    def usual(self) -> quality.Usual:
        """What the reference says of its columns."""
        return quality.Usual(
            missing=self.missing,
            constant=frozenset(self.constant),
            rows=self.rows,
            whole_year=self.season == "known",
        )


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A model's reference: rows it has learnt from, with predictions by models that had not.

    Attributes:
        columns: features and answers, by name.
        time: event times, shape (rows,), or None.
        rows: errors and losses, or None without labels or predictions.
    """

    columns: Mapping[str, Values]
    time: Any
    rows: RowValues | None


def reference_of(model: ModelVersion, table: pa.Table | None) -> Reference:
    """The reference that a model version's `reference` object holds; an empty one for None."""
    if table is None:
        return Reference(columns={}, time=None, rows=None)
    time = (
        event_time(table, model.time) if model.time and set(model.time) <= set(table.column_names) else None
    )
    kept = np.ones(table.num_rows, dtype=np.bool_)
    rows = None
    target = model.signature.target
    if target in table.column_names and OUTPUT in table.column_names:
        kept = present(table.column(target)) & present(table.column(OUTPUT))
        rows = row_values(
            table.filter(pa.array(kept)), table.column(target).filter(pa.array(kept)), model.signature
        )
    return Reference(
        columns=compared(table.filter(pa.array(kept)), kinds_of(model.features), model.signature),
        time=None if time is None else time[kept],
        rows=rows,
    )


def row_values(table: pa.Table, observed: pa.ChunkedArray, signature: Signature) -> RowValues:
    """Errors and losses of answered rows whose truth is known.

    Args:
        table: with mlctl's output columns, every row answered.
        observed: the truth, no nulls.
        signature: of the model that answered.
    """
    if signature.task == "regression":
        return regression_values(numbers(observed), numbers(table.column(OUTPUT)))
    classes = signature.classes
    probabilities = None
    if PROBABILITIES in table.column_names:
        given = probability_rows(table.column(PROBABILITIES), len(classes))
        probabilities = given if not np.isnan(given).any() else None
    return class_values(
        class_codes(observed, classes), class_codes(table.column(OUTPUT), classes), probabilities
    )


def standard_of(
    reference: Reference,
    *,
    window: timedelta,
    budget: Budget,
    detectors: Mapping[str, Detector],
    seed: int = 0,
) -> Standard:
    """Everything that windows are judged by."""
    time = reference.time
    whole_year = time is not None and bool(np.nanmax(time) - np.nanmin(time) >= _YEAR)
    stamps = None if time is None else time.astype("datetime64[ms]").astype(np.int64)
    offset = _MONDAY_MS if window % _WEEK == timedelta(0) else 0
    cut = None if stamps is None else (stamps - offset) // int(window / timedelta(milliseconds=1))
    any_column = next(iter(reference.columns.values()), None)
    return Standard(
        residuals=residual_thresholds(time, reference.rows, window=window, budget=budget, seed=seed),
        null=drift.null_of(reference.columns, cut, detectors),
        missing={name: float(np.mean(column.missing)) for name, column in reference.columns.items()},
        constant=tuple(
            name
            for name, column in reference.columns.items()
            if cut is None or quality.constant_windows(column, cut)
        ),
        season="known" if whole_year else "unknown",
        rows=0 if any_column is None else len(any_column.missing),
    )

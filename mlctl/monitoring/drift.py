"""How far inputs and outputs have moved from the reference.

A test for independent rows flags every column of every week of seasonal data, so its p-value alone decides
nothing here: a column has drifted only if its statistic is also beyond what the reference's own windows, each
against the rest, show. The larger of the two p-values goes into a Benjamini-Hochberg correction over columns.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlctl.contracts.detector import Detector
from mlctl.domain.monitoring import Alarm, Drift
from mlctl.statistics.calibration import MIN_BLOCKS, at_least
from mlctl.statistics.tests import benjamini_hochberg

OUTPUT = "output"
"""How the model's answers are called among the columns."""

MIN_VALUES = 20
"""With fewer present values on a side a column is not compared."""

MAX_NULL = 120
"""At most this many windows of the reference, the newest, are compared with the rest."""


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """A column's values, aligned with the table's rows.

    Attributes:
        kind: "numeric" (float64, NaN is missing) or "categorical" (str, "" with `missing`).
        values: shape (rows,).
        missing: shape (rows,), bool.
    """

    kind: str
    values: Any
    missing: Any

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[Any]:
        """The present values of some rows."""
        kept = np.asarray(self.values)[rows]
        return np.asarray(kept[~np.asarray(self.missing)[rows]])


def null_of(
    reference: Mapping[str, Values], windows: NDArray[np.int64] | None, detectors: Mapping[str, Detector]
) -> dict[str, list[float]]:
    """Each column's statistic for every window of the reference against the rest; {} where there are too few.

    Windows with less than half of the usual rows are left out.

    Args:
        reference: columns by name.
        windows: number of the window of each row, shape (rows,); None where there is no time.
        detectors: by kind of column.
    """
    if windows is None or len(windows) == 0:
        return {}
    numbers, sizes = np.unique(windows, return_counts=True)
    numbers = numbers[sizes >= np.median(sizes) / 2]
    if len(numbers) < MIN_BLOCKS:
        return {}
    found: dict[str, list[float]] = {}
    for name, column in reference.items():
        values = []
        for number in numbers[-MAX_NULL:]:
            inside, outside = column.at(windows == number), column.at(windows != number)
            if min(len(inside), len(outside)) >= MIN_VALUES:
                values.append(detectors[column.kind].compare(outside, inside).value)
        found[name] = values
    return found


def compare(
    reference: Mapping[str, Values],
    current: Mapping[str, Values],
    rows: NDArray[np.int64],
    *,
    detectors: Mapping[str, Detector],
    null: Mapping[str, Sequence[float]],
    alpha: float,
    season: str,
) -> tuple[Drift, ...]:
    """Every column of a window against the reference, most drifted first.

    Args:
        reference: columns by name.
        current: columns by name.
        rows: positions of the window's rows in `current`.
        detectors: by kind of column.
        null: of `null_of`.
        alpha: false discovery rate over the columns; the chance of any false drift where nothing moved.
        season: "known" or "unknown", said beside each result.
    """
    names, values, own, p_values, methods = [], [], [], [], []
    for name, column in reference.items():
        if name not in current:
            continue
        before, now = column.at(slice_all(column)), current[name].at(rows)
        if min(len(before), len(now)) < MIN_VALUES:
            continue
        detector = detectors[column.kind]
        found = detector.compare(before, now)
        p_value = 1.0 if found.p_value is None else found.p_value
        own_windows = null.get(name) or ()
        ranked = (
            at_least(np.asarray(own_windows, np.float64), found.value)
            if len(own_windows) >= MIN_BLOCKS
            else None
        )
        names.append(name)
        methods.append(detector.name)
        values.append(found.value)
        own.append(p_value)
        p_values.append(p_value if ranked is None else max(p_value, ranked))
    adjusted = benjamini_hochberg(p_values)
    drifts = [
        Drift(
            column=name,
            method=method,
            value=value,
            p_value=p_value,
            p_adjusted=corrected,
            drifted=corrected <= alpha,
            season=season,
        )
        for name, method, value, p_value, corrected in zip(names, methods, values, own, adjusted, strict=True)
    ]
    return tuple(sorted(drifts, key=lambda drift: (drift.p_adjusted, drift.p_value, drift.column)))


def slice_all(column: Values) -> NDArray[np.bool_]:
    """A selection of every row."""
    return np.ones(len(np.asarray(column.values)), dtype=np.bool_)


def drift_alarms(drifts: Sequence[Drift], alpha: float) -> tuple[Alarm, ...]:
    """The drifted columns as alarms, for a spec that says `drift = "alarm"`."""
    return tuple(
        Alarm(
            type="drift",
            column=drift.column,
            method=drift.method,
            value=drift.value,
            threshold=alpha,
            p_value=drift.p_adjusted,
            why=f"{drift.column} moved: {drift.method} {drift.value:.3g}, corrected p {drift.p_adjusted:.2g}",
        )
        for drift in drifts
        if drift.drifted
    )

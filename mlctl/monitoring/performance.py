"""How wrong the answers were, where the truth has come.

Two judgements: absolute limits that the spec sets on a metric, and the residual alarm, whose thresholds come
from how much whole weeks of out-of-fold residuals differ among themselves.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlctl.domain.monitoring import Alarm
from mlctl.domain.records import Record
from mlctl.domain.spec import LimitSpec
from mlctl.statistics.calibration import MIN_BLOCKS, Budget, calibrate, weekly_blocks

CLIP = 1e-15
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


class RowValues(msgspec.Struct, frozen=True, kw_only=True):
    """What the residual alarm takes means of.

    Attributes:
        names: "bias" and "mae" of a regression; "error", and "log_loss" where there are probabilities.
        two_sided: by name, whether both directions alarm.
        values: shape (rows, names), finite.
    """

    names: tuple[str, ...]
    two_sided: tuple[bool, ...]
    values: Any


class Residuals(Record, frozen=True, kw_only=True):
    """Thresholds of the residual alarm.

    Attributes:
        limits: by statistic, in its unit; {} where it could not be calibrated.
        usual: by statistic, its mean over the reference.
        rate: simulated alarm events in the budget's period.
        weeks: whole weeks of reference.
        why: a sentence on how it came about, or why it could not.
    """

    limits: dict[str, float]
    usual: dict[str, float]
    rate: float | None
    weeks: int
    why: str


def regression_values(observed: NDArray[np.float64], predicted: NDArray[np.float64]) -> RowValues:
    """Signed and absolute errors; a positive bias means answers that are too high."""
    error = predicted - observed
    return RowValues(
        names=("bias", "mae"), two_sided=(True, False), values=np.column_stack([error, np.abs(error)])
    )


def class_values(
    observed: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[np.float64] | None
) -> RowValues:
    """Zero-one errors, and log losses where there are probabilities.

    Args:
        observed: class indices; -1 for a class that the model does not know.
        predicted: class indices.
        probabilities: shape (rows, classes).
    """
    error = (observed != predicted).astype(np.float64)
    if probabilities is None:
        return RowValues(names=("error",), two_sided=(False,), values=error[:, None])
    given = np.where(observed >= 0, probabilities[np.arange(len(observed)), np.maximum(observed, 0)], 0.0)
    loss = -np.log(np.clip(given, CLIP, 1.0))
    return RowValues(
        names=("error", "log_loss"), two_sided=(False, False), values=np.column_stack([error, loss])
    )


def residual_thresholds(
    time: NDArray[Any] | None, rows: RowValues | None, *, window: timedelta, budget: Budget, seed: int = 0
) -> Residuals:
    """Thresholds from the reference's out-of-fold predictions.

    Args:
        time: event times of the reference, shape (rows,), or None where it has none.
        rows: its row values; None where there is no reference.
        window: length of the windows that will be judged.
        budget: of false alarms.
        seed: of the simulation.
    """
    if rows is None or len(rows.values) == 0:
        return Residuals(
            limits={}, usual={}, rate=None, weeks=0, why="cannot calibrate: there is no reference"
        )
    usual = dict(zip(rows.names, (float(mean) for mean in rows.values.mean(axis=0)), strict=True))
    if time is None:
        return Residuals(
            limits={},
            usual=usual,
            rate=None,
            weeks=0,
            why="cannot calibrate: the reference has no event time",
        )
    known = ~np.isnat(time)
    blocks = weekly_blocks(time[known], rows.values[known], window)
    weeks = len(blocks.counts)
    found = calibrate(blocks, window=window, two_sided=rows.two_sided, budget=budget, seed=seed)
    if found is None:
        why = (
            f"cannot calibrate: {weeks} whole weeks of reference, {MIN_BLOCKS} are needed; "
            "only the limits of the spec judge"
        )
        return Residuals(limits={}, usual=usual, rate=None, weeks=weeks, why=why)
    return Residuals(
        limits=dict(zip(rows.names, found.limits, strict=True)),
        usual=usual,
        rate=found.rate,
        weeks=weeks,
        why=f"whole weeks resampled from {weeks} weeks of out-of-fold residuals",
    )


def residual_alarms(rows: RowValues, thresholds: Residuals) -> tuple[Alarm, ...]:
    """The statistics of a window's rows that are over their calibrated limits."""
    found = []
    means = rows.values.mean(axis=0)
    for name, both, mean in zip(rows.names, rows.two_sided, means, strict=True):
        limit = thresholds.limits.get(name)
        size = abs(float(mean)) if both else float(mean)
        if limit is None or size <= limit:
            continue
        usual = thresholds.usual.get(name, 0.0)
        why = (
            f"mean {_WORDS.get(name, name)} {float(mean):+.4g} (reference {usual:+.4g}); "
            f"over {limit:.4g}, where chance alone seldom takes it"
        )
        found.append(
            Alarm(
                type="performance",
                column=name,
                method="residuals",
                value=float(mean),
                threshold=limit,
                why=why,
            )
        )
    return tuple(found)


_WORDS = {"bias": "predicted - observed", "mae": "absolute error", "error": "share of wrong classes"}


def limit_alarms(metrics: Mapping[str, float | None], limits: Mapping[str, LimitSpec]) -> tuple[Alarm, ...]:
    """The metrics that break a limit of the spec."""
    found = []
    for name, limit in limits.items():
        value = metrics.get(name)
        if value is None:
            continue
        for bound, word, broken in (
            (limit.max, "over", limit.max is not None and value > limit.max),
            (limit.min, "under", limit.min is not None and value < limit.min),
        ):
            if broken and bound is not None:
                why = f"{name} {value:.4g} is {word} the limit {bound:g} of the spec"
                found.append(
                    Alarm(
                        type="performance", column=name, method="limit", value=value, threshold=bound, why=why
                    )
                )
    return tuple(found)

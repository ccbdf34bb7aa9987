"""Thresholds that keep a promised rate of false alarms, found by simulating the whole procedure.

Residuals of neighbouring hours and days go together, so a threshold from independent rows alarms several
times too often. What is resampled here is whole weeks of out-of-fold residuals: streams are strung together
from them, cut into windows, judged, and the alarm *events* (a window over a threshold after one under it) are
counted. (Measured on two real streams: 0.8 to 1.3 events where 1.0 was promised; independent rows gave 2.7 to
4.4.)
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

BLOCK = timedelta(days=7)
MIN_BLOCKS = 8
"""Fewer whole weeks than this say too little about how weeks differ."""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WINDOWS = 60_000
_STEPS = 40
_FULL = 0.75


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """A reference cut into whole weeks.

    Attributes:
        sums: shape (weeks, cells of a week, statistics): sums of each row value over a cell.
        counts: shape (weeks, cells of a week): rows of a cell.
        cell: length of a cell.
    """

    sums: Any
    counts: Any
    cell: timedelta


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """`events` alarm events expected in each `period` without drift."""

    events: float
    period: timedelta


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """What a window's means are compared with.

    Attributes:
        limits: one a statistic, in its unit; a window over any of them alarms.
        rate: alarm events in a period, as simulated with these limits.
        blocks: weeks of reference that they rest on.
    """

    limits: tuple[float, ...]
    rate: float
    blocks: int


def weekly_blocks(time: NDArray[Any], values: NDArray[np.float64], window: timedelta) -> Blocks:
    """Cut a reference into weeks, Monday to Sunday, UTC.

    Weeks with rows in less than three quarters of their days are left out.

    Args:
        time: event times, shape (rows,), datetime64.
        values: shape (rows, statistics), finite.
        window: the windows that will be cut; cells divide both it and a week.
    """
    cell = _cell(window)
    width = int(cell.total_seconds())
    seconds = time.astype("datetime64[s]").astype(np.int64) - _MONDAY
    index = seconds // width
    each = int(BLOCK / cell)
    first = (index.min() // each) if len(index) else 0
    weeks = int(index.max() // each - first + 1) if len(index) else 0
    flat = index - first * each
    counts = np.bincount(flat, minlength=weeks * each).reshape(weeks, each).astype(np.float64)
    sums = np.stack(
        [
            np.bincount(flat, values[:, k], minlength=weeks * each).reshape(weeks, each)
            for k in range(values.shape[1])
        ],
        axis=2,
    )
    daily = counts.reshape(weeks, 7, -1).sum(axis=2) > 0
    full = daily.mean(axis=1) >= _FULL
    return Blocks(sums=sums[full], counts=counts[full], cell=cell)


_MONDAY = 4 * 86_400
"""Seconds from 1970-01-01, a Thursday, to the Monday after it."""


def _cell(window: timedelta) -> timedelta:
    """The longest time, a day at most and in whole hours, that divides the window and a week."""
    hours = max(1, round(window / _HOUR))
    return timedelta(hours=int(np.gcd(np.gcd(hours, 24), 168))) if hours % 24 else _DAY


def calibrate(
    blocks: Blocks, *, window: timedelta, two_sided: Sequence[bool], budget: Budget, seed: int = 0
) -> Thresholds | None:
    """Limits under which simulated streams of resampled weeks alarm as often as the budget says.

    All statistics share one level: each limit is the same quantile of its own distribution over simulated
    windows, and the union of their alarms meets the budget. Deterministic for a seed.

    Args:
        blocks: of the reference.
        window: length of the windows.
        two_sided: for each statistic, whether its mean is taken without its sign.
        budget: to be met.
        seed: of the simulation.

    Returns:
        None where there are fewer than `MIN_BLOCKS` weeks: it cannot be calibrated.
    """
    count = len(blocks.counts)
    if count < MIN_BLOCKS:
        return None
    means = _simulated(blocks, window, np.random.default_rng(seed))
    means = np.where(np.asarray(two_sided), np.abs(means), means)
    ordered = np.sort(means, axis=0)
    low, high = 0.5, 1.0  # below a half the events grow rarer again: windows stay over the limit
    for _ in range(_STEPS):
        level = (low + high) / 2
        if _rate(means, _at(ordered, level), window, budget.period) > budget.events:
            low = level
        else:
            high = level
    limits = _at(ordered, high)
    return Thresholds(
        limits=tuple(float(limit) for limit in limits),
        rate=_rate(means, limits, window, budget.period),
        blocks=count,
    )


def _simulated(blocks: Blocks, window: timedelta, rng: np.random.Generator) -> NDArray[np.float64]:
    """Means of consecutive windows of one long stream of resampled weeks, shape (windows, statistics)."""
    each = max(1, round(window / blocks.cell))
    per_block = blocks.counts.shape[1]
    windows = max(2_000, min(_WINDOWS, 4_000_000 // each))
    drawn = rng.integers(0, len(blocks.counts), -(-windows * each // per_block))
    counts = blocks.counts[drawn].reshape(-1)[: windows * each].reshape(windows, each).sum(axis=1)
    statistics = blocks.sums.shape[2]
    sums = (
        blocks.sums[drawn]
        .reshape(-1, statistics)[: windows * each]
        .reshape(windows, each, statistics)
        .sum(axis=1)
    )
    kept = counts > 0
    return np.asarray(sums[kept] / counts[kept, None])


def _at(ordered: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    return np.asarray(ordered[min(len(ordered) - 1, int(level * len(ordered)))])


def _rate(
    means: NDArray[np.float64], limits: NDArray[np.float64], window: timedelta, period: timedelta
) -> float:
    over = np.asarray((means > limits).any(axis=1), dtype=np.bool_)
    events = int(over[0]) + int(np.count_nonzero(over[1:] & ~over[:-1]))
    return events / (len(over) * (window / period))


def at_least(reference: NDArray[np.float64], value: float) -> float:
    """A p-value by rank: (1 + how many of the reference are at least the value) / (1 + how many there are).

    Valid where the value and the reference are exchangeable (Davison and Hinkley 1997, section 4.2).
    """
    return float((1 + np.count_nonzero(reference >= value)) / (1 + len(reference)))

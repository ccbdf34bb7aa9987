"""What plots of a model's answers show: binned means with intervals, ROC and PR, densities. Pure numbers.

Intervals draw whole units (rows, groups, weeks), as those of the metrics do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlctl.statistics.intervals import interval
from mlctl.statistics.resample import draws, unit_sums

Array = np.ndarray[Any, Any]

_MOST_POINTS = 200


@dataclass(frozen=True, kw_only=True)
class Band:
    """Means of a value in bins, shape (bins,) each; NaN where an interval is undefined.

    Attributes:
        mass: what the rows of a bin weigh together: their number where all are equal.
    """

    x: Array
    mean: Array
    low: Array
    high: Array
    rows: Array
    mass: Array


def equal_mass(x: Array, bins: int) -> Array:
    """The bin of each row, 0 to at most bins - 1: about equally many rows each, equal values together."""
    order = np.argsort(x, kind="stable")
    ends = np.unique(x[order][np.linspace(0, len(x), bins + 1).astype(int)[1:-1]]) if len(x) else x
    return np.searchsorted(ends, x, side="right")


def band(
    x: Array,
    value: Array,
    bins: Array,
    units: tuple[Array, int],
    weights: Array | None = None,
    *,
    samples: int = 400,
    seed: int = 0,
) -> Band:
    """The mean of `value` in each bin with its 95 % bootstrap interval, at the mean of `x`.

    Args:
        x: shape (rows,), where a bin stands.
        value: shape (rows,).
        bins: the bin of each row, as `equal_mass` gives them; empty ones are left out.
        units: the unit of each row and how many there are (`resample.unit_codes`).
        weights: of the rows; None for equal ones.
        samples: of the bootstrap.
        seed: of its draws.
    """
    codes, count = units
    kinds, place = np.unique(bins, return_inverse=True)
    member = np.zeros((len(x), len(kinds)))
    member[np.arange(len(x)), place] = 1.0 if weights is None else weights
    mass = member.sum(axis=0)
    sums = unit_sums(np.hstack([member, member * value[:, None]]), codes, count)
    drawn = np.concatenate([chunk @ sums for chunk in draws(count, samples, seed)])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = drawn[:, len(kinds) :] / drawn[:, : len(kinds)]
    ends = np.full((2, len(kinds)), np.nan)
    for at in range(len(kinds)):
        low, high = interval(means[:, at], len(np.unique(codes[member[:, at] > 0])))
        if low is not None and high is not None:
            ends[:, at] = low, high
    with np.errstate(divide="ignore", invalid="ignore"):
        return Band(
            x=(member * x[:, None]).sum(axis=0) / mass,
            mean=(member * value[:, None]).sum(axis=0) / mass,
            low=ends[0],
            high=ends[1],
            rows=np.bincount(place, minlength=len(kinds)),
            mass=mass,
        )


def means(x: Array, value: Array, bins: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """The mean of `x` and of `value` in each bin that has rows, without intervals; shapes (bins,).

    Bins whose rows weigh nothing are left out.
    """
    kinds, place = np.unique(bins, return_inverse=True)
    each = np.ones(len(x)) if weights is None else weights
    mass = np.bincount(place, weights=each, minlength=len(kinds))
    known = mass > 0
    both = (np.bincount(place, weights=each * one, minlength=len(kinds)) for one in (x, value))
    at, mean = (one[known] / mass[known] for one in both)
    return at, mean


def roc(truth: Array, score: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """False-positive and true-positive rate at falling thresholds, from (0, 0) to (1, 1)."""
    hits, misses = _called(truth, score, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _thinned(np.r_[0.0, misses] / misses[-1], np.r_[0.0, hits] / hits[-1])


def precision_recall(truth: Array, score: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Recall and precision at falling thresholds."""
    hits, misses = _called(truth, score, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _thinned(hits / hits[-1], hits / (hits + misses))


def _called(truth: Array, score: Array, weights: Array | None) -> tuple[Array, Array]:
    """True and false positives at each distinct score, the highest first; what they weigh."""
    if weights is not None:
        truth, score, weights = (one[weights > 0] for one in (truth, score, weights))
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    mass = np.ones(len(order)) if weights is None else weights[order]
    hits = np.cumsum(truth[order].astype(np.float64) * mass)[last]
    return hits, np.cumsum(mass)[last] - hits


def _thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """At most a few hundred points, evenly along the curve; first and last stay."""
    if len(x) <= _MOST_POINTS:
        return x, y
    way = np.r_[0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))]
    kept = np.unique(np.searchsorted(way, np.linspace(0, way[-1], _MOST_POINTS)))
    kept = np.unique(np.r_[0, kept, len(x) - 1])
    return x[kept], y[kept]


def confusion(truth: Array, output: Array, classes: int, weights: Array | None = None) -> Array:
    """Rows by true and answered class, shape (classes, classes); without a truth that is no class.

    With weights it is what the rows weigh.
    """
    known = (truth >= 0) & (output >= 0)
    flat = truth[known].astype(np.int64) * classes + output[known].astype(np.int64)
    mass = None if weights is None else weights[known]
    return np.bincount(flat, mass, minlength=classes * classes).reshape(classes, classes)


def density(
    x: Array, y: Array, x_range: Sequence[float], y_range: Sequence[float], cells: tuple[int, int]
) -> Array:
    """How many points lie in each cell of a grid, shape (cells[0], cells[1])."""
    counts, _, _ = np.histogram2d(x, y, bins=cells, range=[tuple(x_range), tuple(y_range)])
    return np.asarray(counts)

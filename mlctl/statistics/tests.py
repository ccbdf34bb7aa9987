"""Two-sample tests and the correction for many of them.

Every test here takes its samples as independent draws. Rows of a time window are not: `calibration` says what
the same statistics do between weeks of a reference.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlctl.statistics.tails import chi_square_tail, kolmogorov_tail

EXACT_ROWS = 2000
"""Up to this many rows on both sides the Kolmogorov-Smirnov p-value is exact; beyond, asymptotic."""

_RARE = 1.0


def kolmogorov_smirnov(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """The two-sided two-sample Kolmogorov-Smirnov statistic and its p-value.

    The p-value is exact up to `EXACT_ROWS` (Hodges 1958; the number of `scipy.stats.ks_2samp`), beyond that
    Kolmogorov's limit with the correction of Stephens 1970 for the effective size n m / (n + m).

    Args:
        first: shape (n,), without NaN, n at least 1.
        second: shape (m,), likewise.
    """
    distance = kolmogorov_distance(np.sort(first), second)
    n, m = len(first), len(second)
    if max(n, m) <= EXACT_ROWS:
        return distance, _outside(n, m, distance)
    root = np.sqrt(n * m / (n + m))
    return distance, kolmogorov_tail(float((root + 0.12 + 0.11 / root) * distance))


def _outside(n: int, m: int, distance: float) -> float:
    """The share of lattice paths from (0, 0) to (n, m) that somewhere have |i / n - j / m| >= distance.

    Along anti-diagonals: a path to (i, j) came from (i - 1, j) with probability i / (i + j).
    """
    divisor = int(np.gcd(n, m))
    across, along = m // divisor, n // divisor
    limit = round(distance * n * across)
    share = np.zeros(n + 1)
    for step in range(n + m + 1):
        low, high = max(0, step - m), min(n, step)
        i = np.arange(low, high + 1)
        if step:
            before = np.concatenate([[0.0], share[:n]])[low : high + 1]
            share[low : high + 1] = (before * i + share[low : high + 1] * (step - i)) / step
        far = np.abs(i * across - (step - i) * along) >= limit
        share[low : high + 1][far] = 1.0
    return float(min(share[n], 1.0))


def kolmogorov_distance(ordered: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The largest distance between two empirical distribution functions; `ordered` is sorted, shape (n,)."""
    other = np.sort(second)
    both = np.concatenate([ordered, other])
    left = np.searchsorted(ordered, both, side="right") / len(ordered)
    right = np.searchsorted(other, both, side="right") / len(other)
    return float(np.max(np.abs(left - right)))


def chi_square(first: NDArray[Any], second: NDArray[Any]) -> tuple[float, float]:
    """Pearson's chi-square of the 2 x k table of counts, and its p-value with k - 1 degrees of freedom.

    As `scipy.stats.chi2_contingency(table, correction=False)`. Values expected less than once in either
    sample are counted together, since one of them alone would look like a large effect (Cochran 1954).

    Args:
        first: values that can be sorted, shape (n,), n at least 1.
        second: shape (m,), likewise.
    """
    values, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    table = np.vstack(
        [
            np.bincount(codes[: len(first)], minlength=len(values)),
            np.bincount(codes[len(first) :], minlength=len(values)),
        ]
    ).astype(np.float64)
    table = _pooled(table)
    if table.shape[1] < 2:  # noqa: PLR2004 - with one value there is nothing to compare
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, chi_square_tail(statistic, table.shape[1] - 1)


def _pooled(table: NDArray[np.float64]) -> NDArray[np.float64]:
    smaller = table.sum(axis=1).min() / table.sum()
    rare = table.sum(axis=0) * smaller < _RARE
    if rare.sum() < 2:  # noqa: PLR2004 - a single rare value is its own pool
        return table
    return np.hstack([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)])


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given; rejecting those up to alpha keeps the false discovery rate there.

    Benjamini and Hochberg 1995, step-up; the same numbers as `scipy.stats.false_discovery_control`.
    """
    count = len(p_values)
    if count == 0:
        return []
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    scaled = values[order] * count / np.arange(1, count + 1)
    adjusted = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    result = np.empty(count)
    result[order] = adjusted
    return [float(value) for value in result]

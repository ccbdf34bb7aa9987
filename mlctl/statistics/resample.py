"""The bootstrap: whole units (rows, groups, weeks) drawn with replacement, as counts for each unit.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13. Every statistic of one
evaluation uses the same draws, so that differences between models are paired.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

_CHUNK_BYTES = 32 * 1024 * 1024


def draws(units: int, samples: int, seed: int) -> Iterator[np.ndarray[Any, Any]]:
    """How often each unit is drawn, in float64 chunks of shape (some samples, units); rows sum to `units`.

    Args:
        units: at least one.
        samples: rows over all chunks.
        seed: equal seeds give equal draws, however they are cut into chunks.
    """
    random = np.random.default_rng([seed, units])
    size = max(1, min(samples, _CHUNK_BYTES // (8 * units)))
    for start in range(0, samples, size):
        count = min(size, samples - start)
        chunk = np.empty((count, units))
        for row in range(count):
            chunk[row] = np.bincount(random.integers(0, units, units), minlength=units)
        yield chunk


def unit_codes(labels: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], int]:
    """Units numbered from 0, one code a row, and how many there are."""
    values, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), len(values)


def unit_sums(
    statistics: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], units: int
) -> np.ndarray[Any, Any]:
    """Row statistics (rows, k) summed over each unit: (units, k)."""
    if units == len(codes) and bool((codes == np.arange(units)).all()):
        return statistics
    sums = np.empty((units, statistics.shape[1]))
    for column in range(statistics.shape[1]):
        sums[:, column] = np.bincount(codes, weights=statistics[:, column], minlength=units)
    return sums

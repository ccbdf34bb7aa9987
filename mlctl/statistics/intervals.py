"""Intervals from bootstrap samples: expanded percentiles.

The plain percentile interval is too narrow for few units. Its levels are moved outwards as in Hesterberg,
"What teachers should know about the bootstrap" (The American Statistician 69, 2015, section 5.3): level p
becomes Phi(sqrt(n / (n - 1)) * t_{n-1}^{-1}(p)), where n is the number of units.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from mlctl.statistics.tails import student_quantile

_NORMAL = NormalDist()
_LEAST_UNITS = 2
_LEAST_DEFINED = 0.5
_TINY = 1e-12
_REACH = 0.005


def expanded(levels: Sequence[float] | np.ndarray[Any, Any], units: int) -> np.ndarray[Any, Any]:
    """The levels at which to read the percentiles of a bootstrap over so many units."""
    asked = np.asarray(levels, dtype=np.float64)
    spread = math.sqrt(units / (units - 1))
    moved = [_NORMAL.cdf(spread * student_quantile(float(level), units - 1)) for level in asked.ravel()]
    return np.asarray(moved).reshape(asked.shape)


def interval(
    samples: np.ndarray[Any, Any], units: int, confidence: float = 0.95
) -> tuple[float | None, float | None]:
    """The two-sided interval of a statistic.

    Args:
        samples: its bootstrap values; NaN where it was undefined.
        units: that were resampled.
        confidence: of the interval.

    Returns:
        (None, None) with fewer than two units, or where half of the samples are undefined.
    """
    tail = (1 - confidence) / 2
    found = quantiles(samples, units, (tail, 1 - tail))
    return (found[0], found[1]) if found else (None, None)


def quantiles(samples: np.ndarray[Any, Any], units: int, levels: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of a bootstrap distribution at expanded levels; () where `interval` would be None.

    Beyond 0.005 and 0.995 they lie on a normal tail: a thousand samples say nothing of what is further out.
    """
    defined = samples[np.isfinite(samples)]
    if units < _LEAST_UNITS or len(defined) == 0 or len(defined) < _LEAST_DEFINED * len(samples):
        return ()
    asked = np.asarray(levels, dtype=np.float64)
    inside = np.clip(asked, _REACH, 1 - _REACH)
    far, near = (np.clip(expanded(one, units), _TINY, 1 - _TINY) for one in (asked, inside))
    normal = _NORMAL.inv_cdf
    beyond = np.array([normal(f) - normal(n) for f, n in zip(far, near, strict=True)]) * np.std(defined)
    return tuple(float(value) for value in np.quantile(defined, expanded(inside, units)) + beyond)

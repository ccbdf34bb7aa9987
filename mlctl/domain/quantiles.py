"""Quantiles of a bootstrap distribution between the levels that were kept, and back."""

from collections.abc import Sequence
from statistics import NormalDist

from mlctl.domain.evaluation import levels_of

_NORMAL = NormalDist()


def level_of(quantiles: Sequence[float], value: float) -> float:
    """The level whose bootstrap quantile is a value, as `quantile` has it; 0 or 1 beyond the ends."""
    kept = levels_of(quantiles)
    if value < quantiles[0] or value >= quantiles[-1]:
        return 0.0 if value < quantiles[0] else 1.0
    scores = [_NORMAL.inv_cdf(one) for one in kept]
    index = max(place for place, one in enumerate(quantiles) if one <= value)
    part = (value - quantiles[index]) / (quantiles[index + 1] - quantiles[index])
    return _NORMAL.cdf(scores[index] + part * (scores[index + 1] - scores[index]))


def quantile(quantiles: Sequence[float], level: float) -> float:
    """The bootstrap quantile at any level: linear in the normal score, clamped to the outermost kept."""
    kept = levels_of(quantiles)
    score = _NORMAL.inv_cdf(min(max(level, kept[0]), kept[-1]))
    scores = [_NORMAL.inv_cdf(one) for one in kept]
    for index in range(len(scores) - 1):
        left, right = scores[index], scores[index + 1]
        if score <= right:
            part = (score - left) / (right - left)
            between = quantiles[index] + (quantiles[index + 1] - quantiles[index]) * part
            return min(between, quantiles[index + 1])
    return quantiles[-1]

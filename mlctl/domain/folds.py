"""Metrics of a cross-validation as a run keeps them: "folds.mae" and "spread.mae".

The first is the mean over the folds, the second their standard deviation. The plain name ("mae") stays the
metric on the rows that the version was held against, so that gates mean the same with folds and without. The
spread says how much folds differ and is no interval: folds share most of their training rows (Bengio and
Grandvalet 2004, No Unbiased Estimator of the Variance of K-Fold Cross-Validation).
"""

import math
from collections.abc import Mapping, Sequence

from mlctl.domain.records import Record

MEAN = "folds."
SPREAD = "spread."


class Spread(Record, frozen=True, kw_only=True):
    """One metric over the folds.

    Attributes:
        mean: over the folds in which it is defined; None where there are none.
        spread: standard deviation between them (n - 1); None below two.
    """

    mean: float | None
    spread: float | None


def folded(values: Mapping[str, Sequence[float | None]]) -> dict[str, float | None]:
    """Each metric's values by fold, as names of a run's metrics."""
    found: dict[str, float | None] = {}
    for name, by_fold in values.items():
        defined = [value for value in by_fold if value is not None]
        mean = math.fsum(defined) / len(defined) if defined else None
        found[MEAN + name] = mean
        squares = [(value - mean) ** 2 for value in defined if mean is not None]
        found[SPREAD + name] = (
            math.sqrt(math.fsum(squares) / (len(squares) - 1)) if len(squares) > 1 else None
        )
    return found


def spreads(metrics: Mapping[str, float | None]) -> dict[str, Spread]:
    """What a run's metrics say of its folds, by metric; {} without folds."""
    return {
        name.removeprefix(MEAN): Spread(mean=value, spread=metrics.get(SPREAD + name.removeprefix(MEAN)))
        for name, value in metrics.items()
        if name.startswith(MEAN)
    }

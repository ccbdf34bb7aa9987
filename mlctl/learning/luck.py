"""Differences between recipes: of means over seeds, on the same draws of the rows as everything else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlctl.domain.evaluation import MOST_REPEATS, QUANTILES, Difference
from mlctl.domain.metric import METRICS
from mlctl.learning.rows import Array
from mlctl.statistics.bootstrap import Sampled
from mlctl.statistics.intervals import quantiles
from mlctl.statistics.metrics import Answers
from mlctl.statistics.seeds import Fits, SeedError, seed_error, with_seeds

LOW, HIGH = QUANTILES.index(0.025), QUANTILES.index(0.975)
Add = Callable[[Any, str, Answers, Array], None]


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """One side's further fits.

    Attributes:
        answers: of each, to all rows that are compared on.
        elsewhere: by metric, of fits on other rows, where there are none on these.
        varies: whether the recipe depends on its seed at all.
    """

    answers: Sequence[Answers] = ()
    elsewhere: Mapping[str, Sequence[float]] = field(default_factory=dict)
    varies: bool = True


def of_recipes(
    metric: str, own: Sequence[Sampled], other: Sequence[Sampled], sides: tuple[Repeated, Repeated]
) -> tuple[Difference, SeedError] | None:
    """The difference of the means over seeds, with the seeds' error in its interval.

    None where the luck of the seed is not known, or the metric is undefined for a fit.

    Args:
        metric: its name.
        own: value and bootstrap of each of the candidate's fits.
        other: of each of the rival's, on the same draws.
        sides: whose fits these are.
    """
    if not all(np.isfinite(one.value) for one in (*own, *other)):
        return None
    turn: Any = np.abs if METRICS[metric].better == "zero" else np.asarray
    values = [[float(turn(one.value)) for one in side] for side in (own, other)]
    fits = [
        Fits(
            values=found,
            varies=side.varies,
            elsewhere=[float(turn(v)) for v in side.elsewhere.get(metric, ())],
        )
        for found, side in zip(values, sides, strict=True)
    ]
    error = seed_error(*fits)
    if error is None:
        return None
    center = float(np.mean(values[0]) - np.mean(values[1]))
    drawn = [np.array([turn(one.samples) for one in side]) for side in (own, other)]
    samples = drawn[0].mean(axis=0) - drawn[1].mean(axis=0)
    kept = _of_rows_alone(samples, drawn, fits)
    levels = with_seeds(center, quantiles(samples, own[0].units, QUANTILES), QUANTILES, error, kept)
    low, high = (levels[LOW], levels[HIGH]) if levels else (None, None)
    found = Difference(
        difference=center,
        low=low,
        high=high,
        quantiles=levels,
        other=float(np.mean([one.value for one in other])),
    )
    return found, error


def _of_rows_alone(samples: Array, drawn: Sequence[Array], fits: Sequence[Fits]) -> float:
    """The share of the rows' error that all fits of a recipe have in common.

    How fits differ from row to row is in the bootstrap (of these fits) and in the spread of the fits (on
    these rows); it counts once. Of m fits' values t_j on a draw, the sum of Var(t_j - mean t) / (m - 1)
    estimates what one fit has of it, since the draws are the same for all.
    """
    own, other = (
        float(_variance(one - one.mean(axis=0)).sum() / (len(one) - 1)) if len(one) > 1 else None
        for one in drawn
    )
    parts = []
    for found, lent, side, one in ((own, other, fits[0], drawn[0]), (other, own, fits[1], drawn[1])):
        single = lent if side.varies and not side.elsewhere else None
        parts.append(((single if found is None else found) or 0.0) / len(one))
    whole = float(_variance(samples))
    return float(np.sqrt(max(whole - sum(parts), 0.0) / whole)) if whole > 0 else 1.0


def _variance(values: Array) -> Array:
    """The variance along the last axis of what is known; 0 where nothing is, which says as little."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=-1, keepdims=True) / count
    apart = np.where(known, values - np.where(known, mean, 0.0), 0.0)
    found: Array = (apart**2).sum(axis=-1) / count[..., 0]
    return found


def more_seeds(found: Difference, error: SeedError, fits: int, most: int = MOST_REPEATS) -> int | None:
    """About how many more fits of each recipe would tell, if the difference is what it seems.

    None where 0 is outside of the interval already, or where the rows alone would not tell with any number.

    Args:
        found: a difference between recipes.
        error: of its seeds.
        fits: of each side, the smaller number.
        most: fits of each that are worth proposing.
    """
    if not found.difference or found.low is None or found.high is None or not found.low <= 0 <= found.high:
        return None
    gap = abs(found.difference)
    half = (found.high if found.difference < 0 else -found.low) - (-gap)
    of_seeds = with_seeds(0.0, (0.0,), (0.975,), error)[0]
    rows = np.sqrt(max(half**2 - of_seeds**2, 0.0))
    for count in range(fits + 1, most + 1):
        then = SeedError(
            error=error.deviation * np.sqrt(2 / count), freedom=2 * (count - 1), deviation=error.deviation
        )
        if np.hypot(rows, with_seeds(0.0, (0.0,), (0.975,), then)[0]) < gap:
            return count - fits
    return None

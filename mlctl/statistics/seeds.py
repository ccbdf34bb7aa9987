"""What the seed adds to an interval: the spread of a metric over fits that differ in nothing but the seed.

Two models of one recipe differ as well, by luck. A difference between recipes is one of means over seeds; its
error is that of the rows (the bootstrap) and that of the seeds, which are independent. They are joined as in
Zou and Donner, "Construction of confidence limits about effect measures" (Statistics in Medicine 27, 2008):
the distances from the estimate to the ends of the two intervals add as squares. The degrees of freedom of the
seeds' part are those of Welch and Satterthwaite (Biometrics Bulletin 2, 1946).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlctl.statistics.tails import student_quantile

_LEAST = 2


@dataclass(frozen=True, kw_only=True)
class Fits:
    """One metric of the fits of one recipe.

    Attributes:
        values: a fit each, all on the same rows.
        varies: whether the recipe depends on its seed at all.
        elsewhere: a fit each on other rows, for how far they lie apart where there is one value alone.
    """

    values: Sequence[float]
    varies: bool = True
    elsewhere: Sequence[float] = ()

    def variance(self) -> tuple[float, int] | None:
        """Of one fit, with its degrees of freedom; None where it is not known."""
        for values in (self.values, self.elsewhere):
            if len(values) >= _LEAST:
                return float(np.var(values, ddof=1)), len(values) - 1
        return None if self.varies else (0.0, 1)


@dataclass(frozen=True, kw_only=True)
class SeedError:
    """The standard error that seeds give a difference of means.

    Attributes:
        error: in the metric's unit.
        freedom: its degrees of freedom.
        deviation: standard deviation of one fit, of the side that varies more.
        assumed: one side has a single fit, and was taken to vary like the other.
    """

    error: float
    freedom: float
    deviation: float
    assumed: bool = False


def seed_error(own: Fits, other: Fits) -> SeedError | None:
    """The error of mean(own) - mean(other) that comes from seeds; None where it cannot be known.

    A side with one fit that does vary is taken to vary as the other one does, if that one varies.
    """
    known, rival = own.variance(), other.variance()
    lent = known if rival is None else rival if known is None else None
    if (known is None or rival is None) and (lent is None or not (own.varies and other.varies)):
        return None
    sides = ((known or lent, own), (rival or lent, other))
    found = [(*variance, len(fits.values)) for variance, fits in sides if variance is not None]
    parts = [(variance / count, freedom) for variance, freedom, count in found]
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = total**2 / spread if spread > 0 else 1.0
    return SeedError(
        error=float(np.sqrt(total)),
        freedom=float(lent[1]) if lent is not None else freedom,  # one estimate twice is still one
        deviation=float(np.sqrt(max(variance for variance, _, _ in found))),
        assumed=lent is not None,
    )


def with_seeds(
    center: float, quantiles: Sequence[float], levels: Sequence[float], error: SeedError, kept: float = 1.0
) -> tuple[float, ...]:
    """Quantiles of the rows' bootstrap, moved outwards by the error of the seeds.

    Args:
        center: the difference of the means over seeds.
        quantiles: of its bootstrap over rows, at `levels`; () gives ().
        levels: between 0 and 1, ascending.
        error: of the seeds.
        kept: share of the rows' distances that is not in the seeds' error as well.
    """
    if not quantiles:
        return ()
    asked = np.asarray(levels, dtype=np.float64)
    side = np.sign(asked - 0.5)
    rows = np.maximum((np.asarray(quantiles) - center) * side, 0.0) * kept
    seeds = np.zeros(len(asked))
    if error.error:
        reach = [abs(student_quantile(float(level), error.freedom)) for level in asked]
        seeds = np.array(reach) * error.error
    moved = center + side * np.hypot(rows, seeds)
    middle = side == 0
    moved[middle] = np.asarray(quantiles)[middle]
    return tuple(float(value) for value in np.maximum.accumulate(moved))


def consults_seed(estimator: str, parameters: Mapping[str, Any], rows: int) -> bool:
    """Whether fits of a recipe may differ by seed; in doubt they may.

    Of scikit-learn's estimators: those without `random_state` do not. Gradient boosting by histograms asks
    the seed for an early stop (by default above 10,000 rows), for bins of more than 200,000 rows, and where
    it draws features; linear models ask only in solvers that shuffle.

    Args:
        estimator: its import path.
        parameters: all of it, nested ones as `step__name`.
        rows: that it learns from.
    """
    if not estimator.startswith("sklearn.") or not parameters:
        return True
    own = [name for name in parameters if name == "random_state" or name.endswith("__random_state")]
    return any(_asks(estimator, parameters, rows, name.removesuffix("random_state")) for name in own)


_EARLY, _BINNED = 10_000, 200_000
_SHUFFLING = {"sag", "saga", "liblinear"}
_SHUFFLE_FREE = (
    "sklearn.linear_model:LinearRegression",
    "sklearn.linear_model:LogisticRegression",
    "sklearn.linear_model:Ridge",
)


def _asks(estimator: str, parameters: Mapping[str, Any], rows: int, prefix: str) -> bool:
    if prefix:
        return True  # of a step within a pipeline
    if ":HistGradientBoosting" in estimator:
        early = parameters.get("early_stopping", "auto")
        stops = rows > _EARLY if early == "auto" else bool(early)
        return stops or rows > _BINNED or parameters.get("max_features", 1.0) != 1.0
    if estimator.startswith(_SHUFFLE_FREE):
        return parameters.get("solver", "auto") in _SHUFFLING
    if estimator.endswith((":Lasso", ":ElasticNet")):
        return parameters.get("selection") != "cyclic"
    return True

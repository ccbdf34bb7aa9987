"""The threshold that costs least on answered rows, beside the one that calibrated probabilities need."""

import numpy as np

from mlctl.domain.model import ThresholdSearch
from mlctl.learning.rows import Array

_TINY = 1e-12


def cheapest_threshold(
    score: Array, positive: Array, weights: Array | None, costs: tuple[float, float], *, folds: int
) -> ThresholdSearch:
    """Of all thresholds that part the rows differently, the one with the least mean cost.

    It stands in the middle between the two scores that it parts. Where several cost the same, the one that is
    nearest to the formula's, c_fp / (c_fp + c_fn) (Elkan 2001).

    Args:
        score: probability of the positive class, of models that have not learnt from these rows.
        positive: whether a row is of it.
        weights: of the rows; None for equal ones.
        costs: of a false positive and of a false negative.
        folds: for the record.
    """
    mass = np.ones(len(score)) if weights is None else weights
    kinds, place = np.unique(score, return_inverse=True)
    late = np.bincount(place, mass * positive, minlength=len(kinds))
    other = np.bincount(place, mass * ~positive, minlength=len(kinds))
    missed = np.r_[0.0, np.cumsum(late)]  # of a threshold below kinds[k]: all before it are not called
    called = other.sum() - np.r_[0.0, np.cumsum(other)]
    paid = (costs[0] * called + costs[1] * missed) / mass.sum()
    middle = np.maximum((kinds[1:] + kinds[:-1]) / 2, np.nextafter(kinds[:-1], np.inf))
    cuts = np.r_[kinds[0] / 2, middle, (kinds[-1] + 1) / 2]
    if cuts[-1] <= kinds[-1]:
        cuts[-1] = np.nextafter(kinds[-1], np.inf)  # above a certain one: nobody is called
    formula = costs[0] / sum(costs)
    cheap = np.flatnonzero(paid <= paid.min() + _TINY * sum(costs))
    best = int(cheap[np.argmin(np.abs(cuts[cheap] - formula))])
    return ThresholdSearch(
        rows=len(score),
        folds=folds,
        threshold=float(cuts[best]),
        cost=float(paid[best]),
        formula=formula,
        formula_cost=float(paid[int(np.searchsorted(kinds, formula, side="left"))]),
    )

"""What a threshold costs on new rows: by the formula, and searched for on training rows answered out of fold.

Of `docs/decisions/0026-a-threshold-by-cost.md`; a minute. `python benchmarks/thresholds.py`
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB

from mlctl.learning.thresholds import cheapest_threshold

COSTS = (1.0, 8.0)
DRAWS = 100
NEW = 20_000
SHARE = 0.3
Array = np.ndarray[Any, Any]


def paid(score: Array, positive: Array, threshold: float) -> float:
    """The mean cost of a row."""
    called = score >= threshold
    return float(np.mean(COSTS[0] * (called & ~positive) + COSTS[1] * (~called & positive)))


def draw(make: Callable[[], Any], rows: int, copies: int, seed: int) -> tuple[float, float]:
    """The costs of new rows by the formula and by what is found."""
    random = np.random.default_rng(seed)
    positive = random.random(rows + NEW) < SHARE
    matrix = np.tile(random.normal(size=(rows + NEW, 2)) + positive[:, None] * 0.8, copies)
    own, late = matrix[:rows], positive[:rows]
    score = np.empty(rows)
    for learnt, held in KFold(5, shuffle=True, random_state=seed).split(own):
        score[held] = make().fit(own[learnt], late[learnt]).predict_proba(own[held])[:, 1]
    found = cheapest_threshold(score, late, None, COSTS, folds=5)
    answered = make().fit(own, late).predict_proba(matrix[rows:])[:, 1]
    return paid(answered, positive[rows:], found.formula), paid(answered, positive[rows:], found.threshold)


def main() -> None:
    """Print a line a recipe and size."""
    for name, copies, make in (("logistic", 1, LogisticRegression), ("naive Bayes", 10, GaussianNB)):
        for rows in (200, 500, 2000):
            costs = np.array([draw(make, rows, copies, seed) for seed in range(DRAWS)])
            formula, searched = costs.mean(axis=0)
            worse = np.mean(costs[:, 1] > costs[:, 0])
            print(
                f"{name:12} {rows:5} rows  formula {formula:.3f}  searched {searched:.3f}  worse {worse:.0%}"
            )


if __name__ == "__main__":
    main()

"""Out-of-fold predictions: every row answered by a model that did not learn from its week.

Random folds of autocorrelated rows give errors that are too small and too even; whole weeks in five folds
give honest ones, which the monitor takes as its reference.
"""

from collections.abc import Iterator

import numpy as np

from mlctl.learning.rows import Array

FOLDS = 5
MOST_ROWS = 200_000
_MONDAY = 4  # 1970-01-05 was a Monday


def blocks(moments: Array, unit: str) -> Array:
    """The day, week (from Monday) or month of each moment, as a number that grows with time."""
    days = moments.astype("datetime64[D]").astype(np.int64)
    if unit == "day":
        return days
    if unit == "week":
        return (days - _MONDAY) // 7
    return moments.astype("datetime64[M]").astype(np.int64)


def fold_of(rows: int, moments: Array | None, seed: int, groups: Array | None = None) -> Array:
    """The fold of each row, 0 to FOLDS - 1, or -1 for rows that are left out of very large data.

    Whole groups stay together where groups are given, else whole weeks where there is time (days where there
    are fewer than FOLDS weeks). Where all rows are of one of them, it is parted by rows (`undivided`).
    """
    random = np.random.default_rng([seed, FOLDS])
    unit = _unit(moments) if groups is None else groups
    if unit is None or undivided(moments, groups):
        fold = random.permutation(np.arange(rows) % FOLDS)
        fold[random.permutation(rows) >= MOST_ROWS] = -1
        return fold
    names, codes, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    order = random.permutation(len(names))
    of_unit = np.empty(len(names), dtype=np.int64)
    of_unit[order] = np.arange(len(names)) % FOLDS
    running = np.cumsum(sizes[order])
    of_unit[order[(running > MOST_ROWS) & (np.arange(len(order)) >= FOLDS)]] = -1
    return np.asarray(of_unit[codes.reshape(-1)])


def undivided(moments: Array | None, groups: Array | None = None) -> str | None:
    """What all rows are of alike, "group" or "day", so that no whole one can be left out; or None."""
    unit = _unit(moments) if groups is None else groups
    if unit is None or len(np.unique(unit)) > 1:
        return None
    return "day" if groups is None else "group"


def by_rows(kind: str, rows: int, label: str) -> str:
    """What is to be said of folds of rows, where there should be folds of days or groups."""
    return f"all {rows} rows of {label} are of one {kind}: their folds are of single rows, and may flatter"


def folds(fold: Array) -> Iterator[tuple[Array, Array]]:
    """(rows to learn from, rows to answer) for each fold that has both."""
    for number in range(FOLDS):
        held = fold == number
        learnt = (fold >= 0) & ~held
        if held.any() and learnt.any():
            yield learnt, held


def _unit(moments: Array | None) -> Array | None:
    if moments is None:
        return None
    weeks = blocks(moments, "week")
    return weeks if len(np.unique(weeks)) >= FOLDS else blocks(moments, "day")

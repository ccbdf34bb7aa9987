"""The labels that a classifier knows, in a file of their own beside the library's model file.

Targets are class indices; a fit on rows without some class learns fewer of them than the signature has.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.domain.errors import Corrupt

FILE = "classes.json"


def write_classes(folder: Path, classes: Sequence[Any]) -> str:
    """Write the class indices that a fitted classifier knows; the name of the file."""
    (folder / FILE).write_text(json.dumps([int(one) for one in classes]), encoding="ascii")
    return FILE


def read_classes(folder: Path, count: int) -> Any:
    """The class indices, ascending.

    Args:
        folder: with the file.
        count: how many classes the signature has; the greatest index is below it.

    Raises:
        Corrupt: the file is not what `write_classes` writes for so many classes.
    """
    try:
        known = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Corrupt(f"{FILE} cannot be read: {error}", file=FILE) from error
    if not (isinstance(known, list) and known and all(type(one) is int for one in known)):
        raise Corrupt(f"{FILE} is no list of class indices", file=FILE)
    if known != sorted(set(known)) or known[0] < 0 or known[-1] >= count:
        raise Corrupt(f"{FILE} names classes outside 0 to {count - 1}, or out of order", file=FILE)
    return np.asarray(known, dtype=np.int64)


def spread(known: Any, classes: Any, count: int) -> Any:
    """Probabilities in the columns of all classes, 0 for classes that the estimator never saw."""
    if len(classes) >= count:
        return known
    whole = np.zeros((len(known), count))
    whole[:, np.asarray(classes, dtype=np.int64)] = known
    return whole


class ByClass:
    """A classifier's answers from a function that gives the probabilities of the classes it knows.

    The class of a row is the first one of the greatest probability.
    """

    def __init__(self, chances: Any, classes: Any, count: int) -> None:
        self._chances = chances
        self._classes = classes
        self._count = count

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        if not len(matrix):
            return np.zeros(0, dtype=np.int64)
        return self._classes[np.argmax(self._chances(matrix), axis=1)]

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        if not len(matrix):
            return np.zeros((0, self._count))
        return spread(np.asarray(self._chances(matrix), dtype=np.float64), self._classes, self._count)


class ByNumber:
    """A regression's answers from a function that gives one number a row."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        if not len(matrix):
            return np.zeros(0)
        return np.asarray(self._numbers(matrix), dtype=np.float64).reshape(len(matrix))

    def probabilities(self, matrix: Any) -> None:
        """As `contracts.flavor.Predictor`."""


def two_columns(positive: Any) -> Any:
    """Probabilities of both classes, of that of the second one; in its precision, as libraries do."""
    return np.stack([1 - positive, positive], axis=1)

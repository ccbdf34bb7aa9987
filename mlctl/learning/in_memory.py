"""A fitted estimator that is still in memory, asked as its flavor's predictor would be."""

from typing import Any

import numpy as np

from mlctl.learning.rows import Array


class InMemory:
    """A fitted estimator asked directly, as its flavor's predictor would answer."""

    def __init__(self, estimator: Any, classes: int) -> None:
        self._estimator = estimator
        self._classes = classes

    def predict(self, matrix: Array) -> Array:
        """Shape (rows,)."""
        return np.asarray(self._estimator.predict(matrix)).reshape(len(matrix))

    def probabilities(self, matrix: Array) -> Array | None:
        """Shape (rows, classes), or None."""
        if not self._classes or not hasattr(self._estimator, "predict_proba"):
            return None
        known = getattr(self._estimator, "classes_", range(self._classes))
        whole = np.zeros((len(matrix), self._classes))
        whole[:, np.asarray(known, dtype=np.int64)] = self._estimator.predict_proba(matrix)
        return whole

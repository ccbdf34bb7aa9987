"""The one place where probabilities of two classes become answers by a threshold."""

from typing import Any

import numpy as np

from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import TrainingFailed


class Decided:
    """A predictor that answers the positive class, the last one, from a probability on."""

    def __init__(self, predictor: Predictor, threshold: float) -> None:
        self._predictor = predictor
        self._threshold = threshold

    def predict(self, matrix: Any) -> Any:
        """Shape (rows,), int64.

        Raises:
            TrainingFailed: the model has no probabilities.
        """
        chances = self._predictor.probabilities(matrix)
        if chances is None:
            raise TrainingFailed(
                "eval.threshold and eval.costs need probabilities, and this model has none",
                "mlctl spec explain",
            )
        return (np.asarray(chances)[:, -1] >= self._threshold).astype(np.int64)

    def probabilities(self, matrix: Any) -> Any | None:
        """As the model gives them."""
        return self._predictor.probabilities(matrix)


def decided(predictor: Predictor, threshold: float | None) -> Predictor:
    """The predictor with its decision; itself without a threshold."""
    return predictor if threshold is None else Decided(predictor, threshold)

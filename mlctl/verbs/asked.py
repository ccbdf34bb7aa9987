"""What a fitted estimator answers while it is still in memory, and by which metrics it is judged."""

from typing import Any

import numpy as np

from mlctl.domain.metric import DEFAULTS
from mlctl.domain.spec import ModelSpec
from mlctl.learning.fit import Fitted, Problem, answers_of
from mlctl.learning.rows import Array, targets
from mlctl.statistics.metrics import Answers


def metric_names(spec: ModelSpec, task: str) -> tuple[str, ...]:
    """The declared metrics, or the task's usual ones."""
    return tuple(spec.eval.metrics) or DEFAULTS[task]


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


def answers(fitted: Fitted, problem: Problem, table: Any) -> Answers:
    """What a model that was just fitted answers to the rows of a table."""
    truth = targets(table.column(problem.spec.target), problem.classes)
    predictor = fitted.predictor or InMemory(fitted.estimator, len(problem.classes))
    return answers_of(predictor, fitted.encoder, table, truth, problem.classes)

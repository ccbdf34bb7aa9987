"""What a fitted estimator answers while it is still in memory, and by which metrics it is judged."""

from typing import Any

from mlctl.domain.metric import DEFAULTS
from mlctl.domain.spec import ModelSpec
from mlctl.learning.decided import decided
from mlctl.learning.fit import Fitted, Problem, answers_of
from mlctl.learning.in_memory import InMemory
from mlctl.learning.rows import targets
from mlctl.learning.weights import weights_of
from mlctl.statistics.metrics import Answers


def metric_names(spec: ModelSpec, task: str) -> tuple[str, ...]:
    """The declared metrics, or the task's usual ones."""
    return tuple(spec.eval.metrics) or DEFAULTS[task]


_ITS_OWN = ""


def answers(fitted: Fitted, problem: Problem, table: Any, weight: str | None = _ITS_OWN) -> Answers:
    """What a model that was just fitted answers to the rows of a table.

    `weight` is the column that weighs them; that of its spec if it is left out.
    """
    truth = targets(table.column(problem.spec.target), problem.classes)
    predictor = fitted.predictor or InMemory(fitted.estimator, len(problem.classes))
    predictor = decided(predictor, fitted.signature.threshold)
    weights = weights_of(table, problem.spec.weight if weight == _ITS_OWN else weight)
    return answers_of(predictor, fitted.encoder, table, truth, problem.classes, weights=weights)

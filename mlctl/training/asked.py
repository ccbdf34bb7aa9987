"""What a fitted estimator answers while it is still in memory, and by which metrics it is judged."""

from typing import Any

from mlctl.domain.metric import DEFAULTS
from mlctl.domain.spec import ModelSpec
from mlctl.learning.baseline import baseline_answers, baseline_name
from mlctl.learning.decided import decided
from mlctl.learning.fit import Fitted, Problem, answers_of
from mlctl.learning.in_memory import InMemory
from mlctl.learning.rows import targets
from mlctl.learning.weights import weights_of
from mlctl.statistics.metrics import Answers, value
from mlctl.training.learnt import Learnt


def metric_names(spec: ModelSpec, task: str) -> tuple[str, ...]:
    """The declared metrics, or the task's usual ones."""
    return tuple(spec.eval.metrics) or DEFAULTS["quantile" if spec.quantile is not None else task]


_ITS_OWN = ""


def answers(fitted: Fitted, problem: Problem, table: Any, weight: str | None = _ITS_OWN) -> Answers:
    """What a model that was just fitted answers to the rows of a table.

    `weight` is the column that weighs them; that of its spec if it is left out.
    """
    truth = targets(table.column(problem.spec.target), problem.classes)
    predictor = fitted.predictor or InMemory(fitted.estimator, len(problem.classes))
    predictor = decided(predictor, fitted.signature.threshold)
    weights = weights_of(table, problem.spec.weight if weight == _ITS_OWN else weight)
    return answers_of(
        predictor,
        fitted.encoder,
        table,
        truth,
        problem.classes,
        weights=weights,
        terms=fitted.signature.terms,
    )


def test_metrics(own: Answers, problem: Problem, learnt: Learnt) -> dict[str, float | None]:
    """The declared metrics on the test rows, of the model and ("baseline.mae") of its baseline."""
    base = baseline_answers(
        baseline_name(problem.spec, problem.task),
        targets(learnt.train.column(problem.spec.target), problem.classes),
        own.truth,
        problem.classes,
        problem.spec.eval.decision,
        learnt_weights=weights_of(learnt.train, problem.spec.weight),
        weights=own.weights,
        terms=own.terms,
    )
    names = metric_names(problem.spec, problem.task)
    return {name: value(name, own) for name in names} | {
        f"baseline.{name}": value(name, base) for name in names
    }

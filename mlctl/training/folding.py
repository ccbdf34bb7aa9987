"""Cross-validation of a run: the recipe fitted once for each earlier split, and what all say together.

The version itself comes from the last split; its answers are taken over and not computed again. Each fit
learns its encodings from its own training rows, as the version's does.
"""

from typing import Any

import pyarrow as pa

from mlctl.domain.folds import folded
from mlctl.domain.progress import Event
from mlctl.learning.fit import Problem, fit
from mlctl.learning.rows import Array
from mlctl.learning.split import Split
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers, value
from mlctl.training.asked import answers, metric_names
from mlctl.training.learnt import Learnt, stamp


def fold_metrics(
    session: Session, learnt: Learnt, problem: Problem, own: Answers
) -> tuple[dict[str, float | None], list[dict[str, Any]]]:
    """Mean and spread of each metric over the folds, and a record of each fold; nothing without folds.

    `own` is what the version answered to the rows of the last split.

    Raises:
        TrainingFailed: the training rows of a fold have one class only, or the estimator raised.
    """
    if not learnt.earlier or learnt.split is None:
        return {}, []
    names = metric_names(learnt.spec, problem.task)
    total = len(learnt.earlier) + 1
    step = f"cross-validate {total} folds"
    told = []
    for number, split in enumerate(learnt.earlier):
        session.report(Event(step=step, done=number, total=total, unit="fits"))
        fitted = fit(learnt.rows.filter(pa.array(split.train)), problem)
        found = answers(fitted, problem, learnt.rows.filter(pa.array(split.test)))
        told.append(_told(split, learnt.moments, {name: value(name, found) for name in names}))
    told.append(_told(learnt.split, learnt.moments, {name: value(name, own) for name in names}))
    session.report(Event(step=step, done=total, total=total, unit="fits"))
    return folded({name: [one["metrics"][name] for one in told] for name in names}), told


def _told(split: Split, moments: Array | None, metrics: dict[str, float | None]) -> dict[str, Any]:
    """One fold as a run's notes keep it."""
    told: dict[str, Any] = {
        "train": int(split.train.sum()),
        "test": int(split.test.sum()),
        "metrics": metrics,
    }
    if moments is not None and split.cutoff is not None:
        tested = moments[split.test]
        told |= {"first": stamp(tested.min()), "last": stamp(tested.max())}
    return told

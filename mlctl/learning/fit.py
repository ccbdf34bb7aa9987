"""One fit: rows of a table to an estimator, its encodings and its signature."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from mlctl.domain.errors import TrainingFailed
from mlctl.domain.model import Signature
from mlctl.domain.spec import ModelSpec
from mlctl.learning.estimator import importing_from, make_estimator, parameters_of, path_of, users_code
from mlctl.learning.features import encodings_for, feature_columns, signature_of
from mlctl.learning.rows import Array, classes_of, targets, task_of
from mlctl.learning.steady import begin, probe_of
from mlctl.statistics.metrics import Answers
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import matrix_from_table

FEW_CELLS = 1_000_000
"""Matrices up to this size are fitted by one thread: on a busy machine OpenMP's threads wait for each other,
and 300 small trees took 29 s with two of them, 1.3 s with one."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the rows are and how they are named.

    Attributes:
        label: of the dataset version, for messages ("rides@1").
        key, time: its key and event-time columns.
        context: all columns that come along without being features: key, time and known_time.
    """

    label: str
    root: Path
    key: tuple[str, ...]
    time: tuple[str, ...]
    context: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted estimator and all that is needed to ask it.

    Attributes:
        probe: a few rows of its matrix, to ask the stored model as well.
    """

    estimator: Any
    encoder: Encoder
    signature: Signature
    name: str
    parameters: dict[str, Any]
    probe: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is to be learnt, settled on all learnable rows so that every fold has the same classes."""

    spec: ModelSpec
    source: Source
    task: str
    classes: tuple[str, ...]
    seed: int


def problem_of(table: pa.Table, spec: ModelSpec, source: Source) -> Problem:
    """Task and classes of the learnable rows.

    Raises:
        TrainingFailed: the target has one class only, too many, or does not fit the task.
    """
    column = table.column(spec.target)
    task = task_of(column, spec)
    classes = classes_of(column, spec, task, source.label)
    return Problem(spec=spec, source=source, task=task, classes=classes, seed=spec.seed)


def fit(table: pa.Table, problem: Problem) -> Fitted:
    """Fit the declared estimator on all rows of the table.

    Raises:
        TrainingFailed: the rows hold one class only, a feature holds nothing, or the estimator raised.
        UsageError, NotInstalled: as `make_estimator`. ColumnMissing: as `feature_columns`.
    """
    spec, source = problem.spec, problem.source
    truth = targets(table.column(spec.target), problem.classes)
    if problem.classes and len(np.unique(truth)) == 1:
        only = problem.classes[int(truth[0])]
        raise TrainingFailed(
            f"the {table.num_rows} training rows of {source.label} have one class only: {only!r}",
            "mlctl spec explain",
            classes=[only],
        )
    estimator = make_estimator(spec, source.root, problem.task, problem.seed)
    features = feature_columns(table.column_names, spec, source.context, source.label)
    encoder = Encoder(encodings_for(table, features, estimator, source.label))
    matrix = matrix_from_table(encoder, table)
    act = f"fitting {type(estimator).__name__}"
    with threads_for(matrix), importing_from(source.root), users_code(act, source.root):
        begin(estimator, problem.seed, few=matrix.size <= FEW_CELLS)
        estimator.fit(matrix, truth)
    return Fitted(
        estimator=estimator,
        encoder=encoder,
        signature=signature_of(
            table,
            [name for name, _ in features],
            source.context,
            target=spec.target,
            task=problem.task,
            classes=problem.classes,
        ),
        name=path_of(spec, problem.task),
        parameters=parameters_of(estimator),
        probe=probe_of(matrix),
    )


def threads_for(matrix: Array) -> AbstractContextManager[Any]:
    """One thread of the numeric libraries for a small matrix, as many as there are for a large one."""
    return threadpool_limits(limits=1) if matrix.size <= FEW_CELLS else nullcontext()


def answers_of(
    predictor: Any,
    encoder: Encoder,
    table: pa.Table,
    truth: Array,
    classes: Sequence[str],
    *,
    level: float = 1.0,
) -> Answers:
    """Ask a predictor (of a flavor) for every row of a table.

    `truth` is as `rows.targets` gives it; `level` is a factor on a regression's answers.
    """
    matrix = matrix_from_table(encoder, table)
    output = predictor.predict(matrix)
    return Answers(
        truth=truth,
        output=output * level if not classes and level != 1.0 else output,
        probabilities=predictor.probabilities(matrix) if classes else None,
        classes=len(classes),
        positive=len(classes) - 1 if len(classes) == 2 else 1,  # noqa: PLR2004 (two classes: binary)
    )

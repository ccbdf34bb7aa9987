"""One fit: rows of a table to an estimator, its encodings and its signature."""

import tempfile
import warnings as python_warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import TrainingFailed
from mlctl.domain.metric import Terms
from mlctl.domain.model import Signature, ThresholdSearch
from mlctl.domain.spec import ModelSpec
from mlctl.learning.estimator import importing_from, make_estimator, parameters_of, path_of, users_code
from mlctl.learning.features import encodings_for, feature_columns, signature_of
from mlctl.learning.folds import FOLDS, by_rows, fold_of, folds, undivided
from mlctl.learning.in_memory import InMemory
from mlctl.learning.programs import Rows, fit_by_program
from mlctl.learning.rows import Array, classes_of, codes_of, targets, task_of
from mlctl.learning.steady import begin, probe_of
from mlctl.learning.thresholds import cheapest_threshold
from mlctl.learning.weights import handed, weights_of
from mlctl.learning.workshop import Workshop
from mlctl.statistics.metrics import Answers
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import matrix_from_table
from mlctl.tabular.time import event_time

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
        predictor: of a model that another process has fitted; None where the estimator itself is asked.
        root: the project, whose code the estimator may be of.
        searched: how its threshold was found, where it was searched for.
    """

    estimator: Any
    encoder: Encoder
    signature: Signature
    name: str
    parameters: dict[str, Any]
    probe: Array | None = None
    predictor: Predictor | None = None
    root: Path | None = None
    searched: ThresholdSearch | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is to be learnt, settled on all learnable rows so that every fold has the same classes.

    Attributes:
        shop: where a program works; None for one that is cleared away after each fit.
        threshold: settled already, whatever the spec says; None: as the spec says.
    """

    spec: ModelSpec
    source: Source
    task: str
    classes: tuple[str, ...]
    seed: int
    shop: Workshop | None = None
    threshold: float | None = None


def problem_of(table: pa.Table, spec: ModelSpec, source: Source, shop: Workshop | None = None) -> Problem:
    """Task and classes of the learnable rows.

    Raises:
        TrainingFailed: the target has one class only, too many, or does not fit the task.
    """
    column = table.column(spec.target)
    task = task_of(column, spec)
    classes = classes_of(column, spec, task, source.label)
    return Problem(spec=spec, source=source, task=task, classes=classes, seed=spec.seed, shop=shop)


def fit(table: pa.Table, problem: Problem) -> Fitted:
    """Fit the declared estimator on all rows of the table, and search for its threshold where that is asked.

    Raises:
        TrainingFailed: the rows hold one class only, a feature holds nothing, or the estimator raised.
        UsageError, NotInstalled: as `make_estimator`, or the estimator cannot weigh its rows.
        ColumnMissing: as `feature_columns`.
    """
    fitted = _fit(table, problem)
    costs = problem.spec.eval.costs
    if costs is None or costs.threshold != "searched" or problem.threshold is not None:
        return fitted
    found = _searched(table, problem, (costs.false_positive, costs.false_negative))
    signature = msgspec.structs.replace(fitted.signature, threshold=found.threshold)
    return replace(fitted, signature=signature, searched=found)


def _searched(table: pa.Table, problem: Problem, costs: tuple[float, float]) -> ThresholdSearch:
    """The cheapest threshold on these rows, each answered by a fit that has not learnt from its fold."""
    spec, source = problem.spec, problem.source
    moments = event_time(table, source.time, source.label) if source.time else None
    grouped = spec.split.by == "group" and spec.split.column is not None
    groups = codes_of(table.column(spec.split.column)) if grouped else None
    fold = fold_of(table.num_rows, moments, problem.seed, groups)
    kind = undivided(moments, groups)
    if kind is not None:
        python_warnings.warn(by_rows(kind, table.num_rows, source.label), stacklevel=2)
    scores = np.full(table.num_rows, np.nan)
    parts = 0
    late = targets(table.column(spec.target), problem.classes) == len(problem.classes) - 1
    for learnt, held in folds(fold):
        if len(np.unique(late[learnt])) == 1:
            raise TrainingFailed(
                f"the threshold cannot be searched for: without one of {FOLDS} parts, the {table.num_rows} "
                f'training rows of {source.label} have one class only; write costs.threshold = "formula"',
                "mlctl spec explain",
            )
        fitted = _fit(table.filter(pa.array(learnt)), problem)
        predictor = fitted.predictor or InMemory(fitted.estimator, len(problem.classes))
        chances = predictor.probabilities(matrix_from_table(fitted.encoder, table.filter(pa.array(held))))
        if chances is None:
            raise TrainingFailed(
                "eval.costs needs probabilities, and this model has none", "mlctl spec explain"
            )
        scores[held], parts = np.asarray(chances)[:, -1], parts + 1
    known = np.isfinite(scores)
    weights = weights_of(table, spec.weight)
    weights = None if weights is None else weights[known]
    return cheapest_threshold(scores[known], late[known], weights, costs, folds=parts)


def _fit(table: pa.Table, problem: Problem) -> Fitted:
    if problem.spec.command is not None:
        return _by_program(problem, handed_rows(table, problem))
    spec, source = problem.spec, problem.source
    estimator = make_estimator(spec, source.root, problem.task, problem.seed)
    rows = handed_rows(table, problem, estimator)
    more = handed(estimator, rows.weights, spec.weight)
    act = f"fitting {type(estimator).__name__}"
    with threads_for(rows.matrix), importing_from(source.root), users_code(act, source.root):
        begin(estimator, problem.seed, few=rows.matrix.size <= FEW_CELLS)
        estimator.fit(rows.matrix, rows.truth, **more)
    return Fitted(
        estimator=estimator,
        encoder=rows.encoder,
        signature=rows.signature,
        name=path_of(spec, problem.task),
        parameters=parameters_of(estimator),
        probe=probe_of(rows.matrix),
        root=source.root,
    )


def handed_rows(table: pa.Table, problem: Problem, estimator: Any = None) -> Rows:
    """The rows as an estimator takes them; as any program does if None: no missing numbers, no codes.

    Raises:
        TrainingFailed: the rows hold one class only, a feature holds nothing, or a threshold has no sense
            for them. ColumnMissing: as
            `feature_columns`.
    """
    spec, source = problem.spec, problem.source
    if spec.eval.decision is not None and problem.task != "binary":
        raise TrainingFailed(
            f"eval.threshold and eval.costs are for two classes; {spec.target} is {problem.task}",
            "mlctl spec explain",
        )
    truth = targets(table.column(spec.target), problem.classes)
    if problem.classes and len(np.unique(truth)) == 1:
        only = problem.classes[int(truth[0])]
        raise TrainingFailed(
            f"the {table.num_rows} training rows of {source.label} have one class only: {only!r}",
            "mlctl spec explain",
            classes=[only],
        )
    features = feature_columns(table.column_names, spec, source.context, source.label)
    weights = weights_of(table, spec.weight)
    encoder = Encoder(encodings_for(table, features, estimator, source.label, weights))
    signature = signature_of(
        table,
        [name for name, _ in features],
        source.context,
        target=spec.target,
        task=problem.task,
        classes=problem.classes,
        threshold=spec.eval.decision if problem.threshold is None else problem.threshold,
        terms=Terms(quantile=spec.quantile, costs=asked_costs(spec)),
    )
    matrix = matrix_from_table(encoder, table)
    return Rows(
        table=table, encoder=encoder, matrix=matrix, truth=truth, signature=signature, weights=weights
    )


def asked_costs(spec: ModelSpec) -> tuple[float, float] | None:
    """Of a false positive and of a false negative."""
    costs = spec.eval.costs
    return None if costs is None else (costs.false_positive, costs.false_negative)


def _by_program(problem: Problem, rows: Rows) -> Fitted:
    with tempfile.TemporaryDirectory(prefix="mlctl-") as folder:
        shop = problem.shop or Workshop(folder=Path(folder))
        made = fit_by_program(problem.spec, problem.source.root, rows, shop, problem.seed)
    return Fitted(
        estimator=made.kept,
        encoder=rows.encoder,
        signature=rows.signature,
        name=made.name,
        parameters=made.parameters,
        predictor=made.predictor,
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
    weights: Array | None = None,
    terms: Terms | None = None,
) -> Answers:
    """Ask a predictor (of a flavor) for every row of a table.

    `truth` is as `rows.targets` gives it, `weights` as `weights_of`, `terms` as `Signature.terms`; `level` is
    a factor on a regression's answers.
    """
    matrix = matrix_from_table(encoder, table)
    output = predictor.predict(matrix)
    return Answers(
        truth=truth,
        output=output * level if not classes and level != 1.0 else output,
        probabilities=predictor.probabilities(matrix) if classes else None,
        classes=len(classes),
        positive=len(classes) - 1 if len(classes) == 2 else 1,  # noqa: PLR2004 (two classes: binary)
        weights=weights,
        terms=terms or Terms(),
    )

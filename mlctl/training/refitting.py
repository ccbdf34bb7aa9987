"""After the gates: the same recipe fitted again on all learnable rows, with the monitor's reference.

The reference are the rows learnt from, each with the answer of a model that did not learn from its week (five
folds of whole weeks): what the refit cannot be asked about its own rows.
"""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.domain.errors import TrainingFailed
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.progress import Event
from mlctl.domain.records import digest_of, encode
from mlctl.domain.run import Run
from mlctl.learning.evaluate import units_of
from mlctl.learning.fit import Problem, fit, problem_of
from mlctl.learning.folds import FOLDS, by_rows, fold_of, folds, undivided
from mlctl.learning.rows import Array
from mlctl.learning.split import inside_window
from mlctl.learning.tables import answered_table
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers, value
from mlctl.tabular.parquet import table_bytes
from mlctl.training.asked import answers, metric_names
from mlctl.training.fitting import recording, store_model, with_learnt
from mlctl.training.learnt import learnt_by


def refit(session: Session, digest: Digest, version: ModelVersion, run: Run) -> Digest:
    """Fit again on all rows; the digest of the new version, whose facts are stored when this returns.

    `digest`, `version` and `run` are those of the tested version.

    Raises:
        TrainingFailed: the estimator raised; recorded as a failed run.
    """
    with recording(session, version.model, "refit") as record:
        learnt = learnt_by(session, run, version)
        chosen = np.ones(learnt.rows.num_rows, dtype=bool) & inside_window(
            learnt.moments, learnt.window, None, learnt.spec
        )
        rows = learnt.rows.filter(pa.array(chosen))
        moments = None if learnt.moments is None else learnt.moments[chosen]
        key = digest_of(encode({"refit_of": digest, "cache_key": run.cache_key}))
        counts = {"train": rows.num_rows, "test": 0, "dropped": 0}
        record.adopt(run, learnt.spec, key, {"refit_of": digest, "rows": counts})
        problem = problem_of(learnt.rows, learnt.spec, learnt.source, record.shop)
        problem = replace(problem, threshold=version.signature.threshold)  # the one that was tested
        total = FOLDS + 1
        step = f"fit {version.model} on all {rows.num_rows} rows, and {FOLDS} times without a fifth of them"
        session.report(Event(step=step, done=0, total=total, unit="fits"))
        with record.capture():
            fitted = fit(rows, problem)
            session.report(Event(step=step, done=1, total=total, unit="fits"))
            held, table = out_of_fold(session, problem, rows, moments, step)
        names = metric_names(learnt.spec, problem.task)
        made = record.finish({name: value(name, held) for name in names})
        stored = store_model(session, fitted, learnt.source, made, rows=rows.num_rows)
        stored = with_learnt(session, stored, rows, moments)
        reference = session.repository.objects.put(table_bytes(table))
        stored = msgspec.structs.replace(
            stored, refit_of=digest, reference=reference, searched=version.searched
        )
        session.repository.facts.add(made)
        return session.repository.facts.add(stored)


def out_of_fold(
    session: Session, problem: Problem, rows: pa.Table, moments: Array | None, step: str
) -> tuple[Answers, pa.Table]:
    """Answers to all rows by models that did not learn from their fold, and the same as a reference table."""
    split = problem.spec.split
    groups = None
    if split.by == "group" and split.column is not None:
        groups = units_of(split.column, rows.num_rows, None, rows.column(split.column).to_pylist())
    fold = fold_of(rows.num_rows, moments, problem.seed, groups)
    kind = undivided(moments, groups)
    if kind is not None:
        session.warnings += (by_rows(kind, rows.num_rows, problem.source.label),)
    parts: list[tuple[Array, Answers]] = []
    signature: Any = None
    for number, (learnt, held) in enumerate(folds(fold), start=1):
        fitted = fit(rows.filter(pa.array(learnt)), problem)
        signature = signature or fitted.signature
        parts.append((np.flatnonzero(held), answers(fitted, problem, rows.filter(pa.array(held)))))
        session.report(Event(step=step, done=number + 1, total=FOLDS + 1, unit="fits"))
    if not parts:
        raise TrainingFailed(
            f"{rows.num_rows} rows of {problem.source.label} are too few to fit again without a part of them",
            "mlctl spec explain",
        )
    places = np.concatenate([place for place, _ in parts])
    order = np.argsort(places, kind="stable")
    first = parts[0][1]
    probabilities = None
    if first.probabilities is not None:
        probabilities = np.concatenate([part.probabilities for _, part in parts])[order]
    joined = Answers(
        truth=np.concatenate([part.truth for _, part in parts])[order],
        output=np.concatenate([part.output for _, part in parts])[order],
        probabilities=probabilities,
        classes=first.classes,
        positive=first.positive,
        terms=first.terms,
        weights=None if first.weights is None else np.concatenate([part.weights for _, part in parts])[order],
    )
    columns = [column.name for column in signature.inputs]
    return joined, answered_table(rows.take(pa.array(places[order])), columns, signature, joined, {})

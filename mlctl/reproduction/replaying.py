"""What a record says of a model version, and the same of a fit that is done again: nothing is stored."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.domain.model import ModelVersion
from mlctl.domain.replay import Replayed
from mlctl.domain.run import Run
from mlctl.learning.fit import Fitted, fit, problem_of
from mlctl.learning.flavors import saved
from mlctl.learning.kernels import kernels
from mlctl.learning.rows import Array, identities
from mlctl.learning.split import inside_window
from mlctl.learning.tables import answered_table
from mlctl.project.session import Session
from mlctl.statistics.metrics import value
from mlctl.tabular.parquet import table_bytes
from mlctl.training.asked import answers, metric_names, test_metrics
from mlctl.training.folding import fold_metrics
from mlctl.training.learnt import Learnt, cells_of, key_lines, stamp
from mlctl.training.refitting import out_of_fold


def recorded(run: Run, version: ModelVersion) -> Replayed:
    """What the record says."""
    counts = dict(run.notes.get("rows", {}))
    return Replayed(
        rows={
            **{str(name): count for name, count in counts.items()},
            "first": version.learnt_from,
            "last": version.learnt_through,
            "keys": version.learnt_keys,
        },
        encodings=version.features,
        parameters=version.parameters,
        files={one.name: one.sha256 for one in version.artefacts},
        answers=version.reference,
        metrics=run.metrics,
        kernels=dict(run.notes.get("kernels", {})),
    )


def tested(session: Session, version: ModelVersion, learnt: Learnt) -> tuple[Replayed, bytes]:
    """Fit as `train` does; and the reference table's bytes."""
    problem = problem_of(learnt.rows, learnt.spec, learnt.source)
    fitted = fit(learnt.train, problem)
    own = answers(fitted, problem, learnt.test)
    over_folds, _ = fold_metrics(session, learnt, problem, own)
    columns = [column.name for column in fitted.signature.inputs]
    reference = answered_table(learnt.test, columns, fitted.signature, own, {})
    counts = {
        "train": learnt.train.num_rows,
        "test": learnt.test.num_rows,
        "dropped": sum(learnt.dropped.values()),
    }
    rows = _rows(counts, version, learnt.train, learnt.train_moments)
    return _told(fitted, rows, test_metrics(own, problem, learnt) | over_folds), table_bytes(reference)


def refitted(session: Session, version: ModelVersion, learnt: Learnt) -> tuple[Replayed, bytes]:
    """Fit on all rows as a promotion does; and the reference table's bytes."""
    chosen = np.ones(learnt.rows.num_rows, dtype=bool) & inside_window(
        learnt.moments, learnt.window, None, learnt.spec
    )
    rows = learnt.rows.filter(pa.array(chosen))
    moments = None if learnt.moments is None else learnt.moments[chosen]
    problem = problem_of(learnt.rows, learnt.spec, learnt.source)
    problem = replace(problem, threshold=version.signature.threshold)
    fitted = fit(rows, problem)
    held, table = out_of_fold(session, problem, rows, moments, "fit again")
    metrics = {name: value(name, held) for name in metric_names(learnt.spec, problem.task)}
    named = _rows({"train": rows.num_rows, "test": 0, "dropped": 0}, version, rows, moments)
    return _told(fitted, named, metrics), table_bytes(table)


def _told(fitted: Fitted, rows: dict[str, Any], metrics: Mapping[str, float | None]) -> Replayed:
    _, files = saved(fitted.estimator, root=fitted.root)
    told = Replayed(
        rows=rows,
        encodings=fitted.encoder.encodings,
        parameters=fitted.parameters,
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        metrics=dict(metrics),
        kernels=kernels(),
    )
    return msgspec.json.decode(msgspec.json.encode(told), type=Replayed)  # as a record gives it back


def _rows(counts: dict[str, Any], version: ModelVersion, table: Any, moments: Array | None) -> dict[str, Any]:
    if moments is not None:
        return {**counts, "first": stamp(moments.min()), "last": stamp(moments.max()), "keys": None}
    lines = key_lines(identities(table, version.key, cells_of(version)))
    return {**counts, "first": None, "last": None, "keys": hashlib.sha256(lines).hexdigest()}

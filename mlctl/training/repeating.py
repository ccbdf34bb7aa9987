"""Repeats: a version's recipe fitted again with other seeds, to know how far luck alone moves its metrics.

The rows on either side stay those of the version, whatever its split draws. Of a repeat its answers to the
test rows are kept, not the model. Each is stored when it is done, so interrupted work goes on where it was.
"""

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from mlctl.domain.errors import UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.prediction import OUTPUT, PROBABILITIES
from mlctl.domain.progress import Event
from mlctl.domain.repeat import Repeat
from mlctl.domain.run import Run
from mlctl.learning.fit import fit, problem_of
from mlctl.learning.luck import Repeated
from mlctl.learning.quiet import quiet
from mlctl.learning.rows import Array
from mlctl.learning.tables import answered_table
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers, value
from mlctl.statistics.seeds import consults_seed
from mlctl.tabular.parquet import table_bytes, table_from
from mlctl.training.asked import answers, metric_names
from mlctl.training.learnt import learnt_by, test_digest
from mlctl.training.repeats import repeats_of
from mlctl.training.uses import change_since


def repeat(session: Session, label: str, digest: Digest, version: ModelVersion, run: Run, fits: int) -> int:
    """Fit until there are so many fits of this recipe, the version itself among them; how many were made.

    Args:
        session: of the project.
        label: "demand@7", for messages.
        digest: of the version.
        version: its fact.
        run: that made it.
        fits: wanted in all.

    Raises:
        UsageError: what the run used has changed since.
        Missing, Corrupt: its data are gone or damaged. TrainingFailed: as a fit.
    """
    done = {one.seed for one in repeats_of(session, digest)}
    wanted = [seed for seed in range(run.seed + 1, run.seed + fits) if seed not in done]
    if not wanted:
        return 0
    changed = change_since(session, run)
    if changed is not None:
        raise UsageError(
            f"{label} cannot be repeated, {changed}: a repeat would be one of another recipe",
            f"mlctl train {version.model} --repeats {fits}",
        )
    learnt = learnt_by(session, run, version)
    problem = problem_of(learnt.rows, learnt.spec, learnt.source)
    test, step = test_digest(learnt.test, version), f"fit {label} with {len(wanted)} more seeds"
    for number, seed in enumerate(wanted):
        session.report(Event(step=step, done=number, total=len(wanted), unit="fits"))
        began = time.monotonic()
        with quiet():
            fitted = fit(learnt.train, replace(problem, seed=seed))
        own = answers(fitted, problem, learnt.test)
        kept = answered_table(learnt.test, (), version.signature, own, {})
        session.repository.facts.add(
            Repeat(
                created_at=session.now(),
                model=version.model,
                version=digest,
                run=run.run,
                seed=seed,
                seconds=round(time.monotonic() - began, 3),
                metrics={name: value(name, own) for name in metric_names(learnt.spec, problem.task)},
                answers=session.repository.objects.put(table_bytes(kept)),
                test=test,
            )
        )
    session.report(Event(step=step, done=len(wanted), total=len(wanted), unit="fits"))
    return len(wanted)


def repeated(
    session: Session,
    digest: Digest,
    version: ModelVersion,
    rows: tuple[Digest, Array, Array | None] | None,
    signature: Signature,
) -> Repeated:
    """What is known of a version's luck, for a comparison.

    Args:
        session: of the project.
        digest: of the version, as it was tested.
        version: its fact.
        rows: digest, truth (class indices of `signature`) and weights of the rows that are compared on; None
            where answers of the recipe without these rows would not be comparable.
        signature: whose order of classes the answers are wanted in.
    """
    found = repeats_of(session, digest)
    same = [one for one in found if rows is not None and one.test == rows[0]]
    names = {name for one in found for name in one.metrics}
    tables = [table_from(session.repository.objects.read(one.answers)) for one in same]
    return Repeated(
        answers=[]
        if rows is None
        else [stored_answers(table, version, signature, rows[1], rows[2]) for table in tables],
        elsewhere={} if same else {name: _numbers(one.metrics.get(name) for one in found) for name in names},
        varies=consults_seed(version.estimator, version.parameters, version.rows),
    )


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [one for one in values if one is not None]


def stored_answers(
    table: pa.Table,
    version: ModelVersion,
    signature: Signature,
    truth: Array,
    weights: Array | None = None,
) -> Answers:
    """A version's answers to its test rows, as they are stored, in the class order of a signature."""
    column = table.column(OUTPUT)
    if not signature.classes:
        return Answers(
            truth=truth,
            output=column.to_numpy(zero_copy_only=False),
            weights=weights,
            terms=signature.terms,
        )
    place = {label: index for index, label in enumerate(signature.classes)}
    output = np.array([place.get(label, -2) for label in column.to_pylist()])
    probabilities: Array | None = None
    if PROBABILITIES in table.column_names:
        own = np.array(table.column(PROBABILITIES).to_pylist(), dtype=np.float64)
        probabilities = np.zeros((len(truth), len(signature.classes)))
        for index, label in enumerate(version.signature.classes):
            if label in place:
                probabilities[:, place[label]] = own[:, index]
    return Answers(
        truth=truth,
        output=output,
        probabilities=probabilities,
        classes=len(signature.classes),
        positive=len(signature.classes) - 1 if signature.task == "binary" else 1,
        weights=weights,
        terms=signature.terms,
    )

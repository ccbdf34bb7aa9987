"""Freezing: what a model had learnt from, and the served rows whose truth has come, as one dataset version.

The bytes are in the store alone (no file, no pointer); the name is `<model>-served`.
"""

import hashlib

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.datasets.tables import read_version
from mlctl.deployment.answered import Answered
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Change, Draft
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.loop import Attempt
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.refs import dataset_version
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.evidence.verdicts import judged
from mlctl.learning.rows import learnable
from mlctl.monitoring.window import text_of
from mlctl.project.declared import gates_of
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.tabular.join import latest, positions_of
from mlctl.tabular.parquet import table_bytes
from mlctl.tabular.schema import columns_of, normalise

THROUGH = "through"


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen dataset version.

    Attributes:
        served: labelled rows of the log in it.
    """

    name: str
    number: int
    digest: Digest
    rows: int
    served: int


def frozen_name(model: str) -> str:
    """The dataset that the loop learns from."""
    return f"{model}-served"


def freeze(
    session: Session, model: str, spec: ModelSpec, incumbent: ModelVersion, answered: Answered
) -> Frozen:
    """Keep the incumbent's rows and the labelled rows of the log as a version of `<model>-served`.

    Where both have a row of the same key, the log's counts. Equal rows again: the same version again.

    Raises:
        Missing, Corrupt: rows that the incumbent learnt from are not in the store any more.
    """
    base, source = _base(session, spec, incumbent)
    data = session.spec.data.get(spec.data)
    served = served_rows(answered, base.schema, spec.target)
    table = _united(base, served, tuple(data.key) if data else ())
    content = table_bytes(table)
    newest = answered.time[answered.labelled & ~np.isnat(answered.time)].max()
    version = DatasetVersion(
        created_at=session.now(),
        name=frozen_name(model),
        path=None,
        shape="file",
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        sha256=session.repository.objects.put(content),
        bytes=len(content),
        files=1,
        rows=table.num_rows,
        columns=columns_of(table),
        origin={
            "model": model,
            "base": source,
            "served": served.num_rows,
            THROUGH: text_of(newest.astype("datetime64[ms]")),
        },
    )
    number, digest = _decided(session, version)
    return Frozen(
        name=version.name, number=number, digest=digest, rows=table.num_rows, served=served.num_rows
    )


def _base(session: Session, spec: ModelSpec, incumbent: ModelVersion) -> tuple[pa.Table, str]:
    """The rows that the incumbent may have learnt from: of its last dataset."""
    digest = incumbent.datasets[-1]
    version = session.repository.facts.get(DatasetVersion, digest)
    table = read_version(session, version)
    return learnable(table, spec, version.name, where=version.path is not None).table, digest


def served_rows(answered: Answered, schema: pa.Schema, target: str) -> pa.Table:
    """The labelled rows of a log with the columns of a dataset; a column that was not logged is null.

    Whole numbers that came as floats get the dataset's integer type back; where there is any fraction the
    column stays a float.
    """
    kept = answered.labelled & ~np.isnat(answered.time)
    table = answered.table.filter(pa.array(kept))
    observed = answered.observed.filter(pa.array(kept))
    arrays = []
    for field in schema:
        if field.name == target:
            column = observed
        elif field.name in table.column_names:
            column = table.column(field.name)
        else:
            column = pa.chunked_array([pa.nulls(table.num_rows, field.type)])
        arrays.append(_cast(column, field.type))
    return pa.table(dict(zip(schema.names, arrays, strict=True)))


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    if pa.types.is_integer(type_) and pa.types.is_floating(column.type):
        whole = pc.all(pc.equal(pc.floor(column), column)).as_py()
        return column if whole is False else column.cast(type_)
    if pa.types.is_date(type_) and pa.types.is_string(column.type):
        return column.cast(pa.timestamp("ms")).cast(type_)
    return column.cast(type_)


def _united(base: pa.Table, served: pa.Table, key: tuple[str, ...]) -> pa.Table:
    if key:
        served = latest(served, key) if served.num_rows else served
        if served.num_rows:
            base = base.filter(pa.array(positions_of(base, served, key) < 0))
    return normalise(pa.concat_tables([base, served], promote_options="permissive"), "the served rows")


def _decided(session: Session, version: DatasetVersion) -> tuple[int, Digest]:
    repository = session.repository
    family = f"datasets/{version.name}"
    numbers = repository.decisions.names().versions(family)
    for number, digest in reversed(numbers.items()):
        if repository.facts.get(DatasetVersion, digest).sha256 == version.sha256:
            return number, Digest(digest)
    digest = repository.facts.add(version)
    given: list[int] = []

    def prepare(names: Names) -> Draft:
        number = names.next_number(family)
        given.append(number)
        return Draft(
            kind="freeze",
            changes=(Change(name=dataset_version(version.name, number), old=None, new=digest),),
            evidence={
                "rows": version.rows,
                "served": version.origin["served"],
                THROUGH: version.origin[THROUGH],
            },
            needs=(digest,),
        )

    committed = repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    session.warnings += notify(session, committed)
    return given[-1], digest


def attempts_of(session: Session, model: str, stage: str, names: Names, then: str) -> list[Attempt]:
    """The renewals that were tried, oldest first: one for each frozen version that was judged.

    An attempt counts as promoted if a version that learnt from it came to the stage and was not rolled back.
    One that ended before its judgement (a crash, a Ctrl-C) or before the promotion that its gates allowed is
    none, so that the next turn takes it up again instead of waiting for labels.
    """
    facts = session.repository.facts
    reached: set[str] = set()
    tried = _undone(session, stage=f"stages/{model}/{stage}", names=names)
    for effect in names.effects.get(f"stages/{model}/{stage}", []):
        if effect.value is None:
            continue
        learnt = set(facts.get(ModelVersion, effect.value).datasets)
        tried |= learnt
        entry = session.repository.decisions.get(effect.number).entry
        if entry.kind == "rollback":
            left = {change.old for change in entry.changes if change.old is not None}
            for digest in left:
                reached -= set(facts.get(ModelVersion, digest).datasets)
        elif entry.kind != "recalibrate":
            reached |= learnt
    return [
        Attempt(through=version.origin[THROUGH], promoted=digest in reached)
        for digest in names.versions(f"datasets/{frozen_name(model)}").values()
        for version in [facts.get(DatasetVersion, digest)]
        if THROUGH in version.origin and (digest in tried or _judged(session, model, stage, digest, then))
    ]


def _undone(session: Session, *, stage: str, names: Names) -> set[str]:
    """The datasets behind versions that came to the stage by decisions that were undone."""
    changes = [
        change
        for undone in names.undone
        for change in session.repository.decisions.get(undone.number).entry.changes
        if change.name == stage and change.new is not None
    ]
    facts = session.repository.facts
    return {digest for change in changes for digest in facts.get(ModelVersion, str(change.new)).datasets}


def _judged(session: Session, model: str, stage: str, dataset: str, then: str) -> bool:
    """Whether a version that learnt from the dataset was judged and refused, or could not be fitted.

    Where a stage waits for people (an approval, another stage before), a version that was judged is theirs.
    """
    facts = session.repository.facts
    gates = gates_of(session, model, stage)
    waits = gates.approvals is not None or gates.after is not None
    for _, run in facts.where(Run, model=model, status="failed"):
        if any(use.digest == dataset for use in run.data):
            return True
    for digest, version in facts.where(ModelVersion, model=model):
        if dataset not in version.datasets:
            continue
        found = [one for _, one in facts.where(Evaluation, model_digest=digest) if one.stage == stage]
        if found and (then == "candidate" or waits or not judged(session, found[-1]).passed):
            return True
    return False

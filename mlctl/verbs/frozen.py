"""Freezing: what a model had learnt from, and the served rows whose truth has come, as one dataset version.

The bytes are in the store alone (no file, no pointer); the name is `<model>-served`.
"""

import hashlib

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Change, Draft, Names
from mlctl.domain.ids import Digest
from mlctl.domain.loop import Attempt
from mlctl.domain.model import ModelVersion
from mlctl.domain.refs import dataset_version
from mlctl.domain.spec import ModelSpec
from mlctl.learning.rows import learnable
from mlctl.monitoring.window import text_of
from mlctl.tabular.join import latest, positions_of
from mlctl.tabular.parquet import table_bytes
from mlctl.tabular.schema import columns_of, normalise
from mlctl.verbs.answered import Answered
from mlctl.verbs.session import Session
from mlctl.verbs.tables import read_version

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
    newest = str(answered.time[answered.labelled].max().astype("datetime64[ms]"))
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
            THROUGH: text_of(np.datetime64(newest, "ms")),
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

    A row that was asked several times (the same inputs and truth) is there once.
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
    return pa.table(arrays, schema=pa.schema([field.with_nullable(nullable=True) for field in schema]))


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    if pa.types.is_integer(type_) and pa.types.is_floating(column.type):
        return pc.round(column).cast(type_)
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

    repository.decisions.commit(prepare, actor=session.actor, command=session.command, now=session.now)
    return given[-1], digest


def attempts_of(session: Session, model: str, stage: str, names: Names) -> list[Attempt]:
    """The renewals that were tried, oldest first: one for each frozen version.

    An attempt counts as promoted if a version that learnt from it came to the stage and was not rolled back.
    """
    facts = session.repository.facts
    reached: set[str] = set()
    for effect in names.effects.get(f"stages/{model}/{stage}", []):
        if effect.value is None:
            continue
        learnt = set(facts.get(ModelVersion, effect.value).datasets)
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
        if THROUGH in version.origin
    ]

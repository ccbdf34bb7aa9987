"""The rows of a run, read again: what it could learn from, what it learnt from, what it held out.

Training, evaluation and refits see the same rows because all of them ask here. A run's own record (its spec,
its data, its notes) is the recipe; today's `mlctl.toml` plays no part once a version exists.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.datasets.tables import read_version
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Missing
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.records import digest_of
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.learning.fit import Source
from mlctl.learning.rows import Array, Rows, identities, learnable
from mlctl.learning.split import Split, splits_of
from mlctl.learning.weights import check_weights, weighed
from mlctl.project.session import Session
from mlctl.project.spec_of import spec_of
from mlctl.tabular.parquet import table_bytes
from mlctl.tabular.schema import require_columns
from mlctl.tabular.time import event_time


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """The learnable rows of a run and how they were split.

    Attributes:
        rows: all learnable rows; `moments` are their event times, or None.
        split: masks over them; None for a split by dataset, where all are learnt from.
        earlier: the splits of a cross-validation that stand before it, oldest first.
        test: the held-out rows, and their event times.
        dropped: rows left out, by reason.
    """

    spec: ModelSpec
    source: Source
    rows: pa.Table
    moments: Array | None
    split: Split | None
    test: pa.Table
    test_moments: Array | None
    dropped: dict[str, int]
    window: str | None
    earlier: tuple[Split, ...] = ()

    @property
    def train(self) -> pa.Table:
        """The rows learnt from."""
        return self.rows if self.split is None else self.rows.filter(pa.array(self.split.train))

    @property
    def train_moments(self) -> Array | None:
        """Their event times."""
        return self.moments if self.moments is None or self.split is None else self.moments[self.split.train]


def settle(
    table: pa.Table,
    held: pa.Table | None,
    spec: ModelSpec,
    source: Source,
    *,
    held_label: str = "",
    window: str | None = None,
    apply_where: bool = True,
) -> Learnt:
    """Choose and split the rows of a run.

    Raises:
        ColumnMissing: a table lacks a column. TrainingFailed: a side is empty, or as `learnable`.
    """
    require_columns(table, [spec.target, *source.time, *source.key], source.label)
    kept = learnable_rows(table, spec, source.label, where=apply_where)
    moments = moments_of(kept.table, source)
    if held is not None:
        test = learnable_rows(held, spec, held_label, where=False)
        return Learnt(
            spec=spec,
            source=source,
            rows=kept.table,
            moments=moments,
            split=None,
            test=test.table,
            test_moments=moments_of(test.table, source),
            dropped=kept.dropped,
            window=window,
        )
    *earlier, split = splits_of(kept.table, spec, moments=moments, key=source.key, window=window)
    found = Learnt(
        spec=spec,
        source=source,
        rows=kept.table,
        moments=moments,
        split=split,
        test=kept.table.filter(pa.array(split.test)),
        test_moments=None if moments is None else moments[split.test],
        dropped=kept.dropped,
        window=window,
        earlier=tuple(earlier),
    )
    weighed(found.train, spec.weight, source.label, "training")
    weighed(found.test, spec.weight, source.label, "test")
    return found


def learnable_rows(table: pa.Table, spec: ModelSpec, label: str, *, where: bool = True) -> Rows:
    """The rows that count, each with a weight where the spec weighs them.

    Raises:
        ColumnMissing: the table lacks a column. TrainingFailed: as `learnable` and `check_weights`.
    """
    kept = learnable(table, spec, label, where=where)
    if spec.weight is not None:
        require_columns(kept.table, [spec.weight], label)
        check_weights(kept.table.column(spec.weight), spec.weight, label, kept.places)
    return kept


def learnt_by(session: Session, run: Run, version: ModelVersion) -> Learnt:
    """The rows of a run on record.

    Raises:
        Missing, Corrupt: its data are gone or damaged.
    """
    spec = spec_of(session, run)
    tables: dict[str, pa.Table] = {}
    labels: dict[str, str] = {}
    for use in run.data:
        fact = session.repository.facts.get(DatasetVersion, use.digest)
        tables[use.role] = read_version(session, fact)
        labels[use.role] = use.name
    if "train" not in tables:
        raise Missing(f"run {run.run} names no data that it learnt from", "mlctl fsck", run=run.run)
    source = Source(
        label=labels["train"],
        root=session.root,
        key=version.key,
        time=version.time,
        context=tuple(run.notes.get("context", (*version.key, *version.time))),
    )
    return settle(
        tables["train"],
        tables.get("test"),
        spec,
        source,
        held_label=labels.get("test", ""),
        window=run.notes.get("window"),
        apply_where=bool(run.notes.get("apply_where", True)),
    )


def moments_of(table: pa.Table, source: Source) -> Array | None:
    """Event times, or None where the data has none."""
    return event_time(table, source.time, source.label) if source.time else None


def unseen_by(
    version: ModelVersion, keys: frozenset[str] | None, table: pa.Table, moments: Array | None
) -> Array:
    """The rows that a version has not learnt from: later than all of its own, or with other keys.

    `keys` are those that the version learnt, where it has no time.
    """
    if version.learnt_through is not None and moments is not None:
        return np.asarray(moments > np.datetime64(version.learnt_through.removesuffix("Z"), "ms"))
    if keys is not None and set(cells_of(version)) <= set(table.column_names):
        own = identities(table, version.key, cells_of(version))
        return np.array([text not in keys for text in own], dtype=bool)
    return np.zeros(table.num_rows, dtype=bool)


def cells_of(version: ModelVersion) -> tuple[str, ...]:
    """The columns by which a version tells rows without a key apart: its features and target.

    Not all columns of the table, lest a column that is added makes every row look new.
    """
    features = (column.name for column in version.signature.inputs if column.role == "feature")
    return version.key or (*sorted(features), version.signature.target)


def keys_of(session: Session, version: ModelVersion) -> frozenset[str] | None:
    """The keys that a version learnt, or None where it keeps none."""
    if version.learnt_keys is None:
        return None
    lines = session.repository.objects.read(version.learnt_keys).splitlines()
    return frozenset(msgspec.json.decode(line, type=str) for line in lines)


def test_digest(table: pa.Table, version: ModelVersion) -> Digest:
    """Names these test rows: a sha256 over their keys (or features), times and targets, in their order."""
    wanted = {*cells_of(version), *version.time, version.signature.target}
    return digest_of(table_bytes(table.select([name for name in table.column_names if name in wanted])))


def key_lines(keys: list[str]) -> bytes:
    """Sorted keys, one JSON text a line."""
    encoded: list[bytes] = [msgspec.json.encode(key) for key in sorted(set(keys))]
    return b"".join(line + b"\n" for line in encoded)


def stamp(moment: Any) -> str:
    """RFC 3339 UTC of a datetime64."""
    return f"{np.datetime_as_string(moment.astype('datetime64[ms]'))}Z"

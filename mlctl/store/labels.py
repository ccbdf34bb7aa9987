"""Labels: truth that came later. A batch is a fact; it counts once a decision has added it."""

import pyarrow as pa

from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.prediction import LabelBatch
from mlctl.store.facts import Facts
from mlctl.store.objects import Objects
from mlctl.tabular.parquet import table_bytes, table_from


class LabelStore:
    """The batches of labels of a repository."""

    def __init__(self, objects: Objects, facts: Facts) -> None:
        self._objects = objects
        self._facts = facts

    def put(
        self, model: str, table: pa.Table, by: tuple[str, ...], target: str, source: Digest, created_at: str
    ) -> Digest:
        """Keep a table's `by` columns and target; the digest of the batch, which does not count yet."""
        batch = LabelBatch(
            created_at=created_at,
            model=model,
            table=self._objects.put(table_bytes(table.select([*by, target]))),
            rows=table.num_rows,
            by=by,
            target=target,
            source=source,
        )
        return self._facts.add(batch)

    def table(self, model: str, names: Names) -> list[tuple[LabelBatch, pa.Table]]:
        """The batches that count, in the order of the decisions that added them: later ones correct earlier.

        Raises:
            Corrupt, Missing: a batch or its table is damaged.
        """
        counted = names.under(f"labels/{model}/")
        batches = [
            (names.last_effect(name), batch.created_at, digest, batch)
            for name, digest in counted.items()
            for batch in [self._facts.get(LabelBatch, digest)]
        ]
        batches.sort(key=lambda item: item[:3])
        return [(batch, table_from(self._objects.read(batch.table))) for *_order, batch in batches]

"""Labels count once a decision has added them, later ones after earlier ones."""

import pyarrow as pa
import pytest

from mlctl.domain.errors import Corrupt
from tests.store.full import ANY, T, decide_moves


def batch(repository, value, created_at=T):
    table = pa.table({"instant": [1], "cnt": [value], "more": ["left out"]})
    return repository.labels.put("demand", table, ("instant",), "cnt", ANY, created_at)


def values(repository):
    found = repository.labels.table("demand", repository.decisions.names())
    return [table["cnt"].to_pylist()[0] for _batch, table in found]


def test_a_batch_counts_once_it_was_decided_and_in_the_order_of_the_decisions(repository):
    late, early = batch(repository, 16), batch(repository, 17)
    assert values(repository) == []
    decide_moves(repository, "labels add", {f"labels/demand/{early}": early})
    decide_moves(repository, "labels add", {f"labels/demand/{late}": late})
    assert values(repository) == [17, 16]
    decide_moves(repository, "withdraw", {f"labels/demand/{early}": None})
    assert values(repository) == [16]


def test_only_the_keys_and_the_target_are_kept(repository):
    digest = batch(repository, 16)
    decide_moves(repository, "labels add", {f"labels/demand/{digest}": digest})
    ((kept, table),) = repository.labels.table("demand", repository.decisions.names())
    assert table.column_names == ["instant", "cnt"]
    assert (kept.by, kept.target, kept.rows) == (("instant",), "cnt", 1)


def test_batches_of_one_decision_come_in_the_order_in_which_they_were_made(repository):
    second = batch(repository, 2, "2026-11-01T00:00:02.000Z")
    first = batch(repository, 1, "2026-11-01T00:00:01.000Z")
    decide_moves(repository, "labels add", {f"labels/demand/{digest}": digest for digest in (second, first)})
    assert values(repository) == [1, 2]


def test_a_damaged_batch_is_not_read(repository):
    digest = batch(repository, 16)
    decide_moves(repository, "labels add", {f"labels/demand/{digest}": digest})
    path = next(repository.layout.objects.glob("*/*"))
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(Corrupt):
        values(repository)

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.errors import ColumnMissing
from mlctl.tabular.join import latest, positions_of, with_latest


def test_the_last_label_of_a_key_wins_and_the_order_stays() -> None:
    predictions = pa.table({"id": [3, 1, 2, 9], "p": [0.3, 0.1, 0.2, 0.9]})
    labels = pa.table({"id": [1, 2, 1, 3], "y": [10, 20, 11, None]})
    joined = with_latest(predictions, labels, ["id"], "y")
    assert joined.column("id").to_pylist() == [3, 1, 2, 9]
    assert joined.column("y").to_pylist() == [None, 11, 20, None]


def test_numbers_and_their_text_are_one_key() -> None:
    left = pa.table({"id": ["7", "8", None]})
    for right in (pa.table({"id": [7]}), pa.table({"id": [7.0]}), pa.table({"id": ["7"]})):
        assert positions_of(left, right, ["id"]).tolist() == [0, -1, -1]


def test_dates_and_their_text_are_one_key() -> None:
    left = pa.table({"day": ["2012-01-01"], "hr": [3]})
    right = pa.table({"day": [date(2012, 1, 1), date(2012, 1, 1)], "hr": ["2", "3"]})
    assert positions_of(left, right, ["day", "hr"]).tolist() == [1]


def test_a_key_with_a_missing_part_matches_nothing() -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]})
    assert positions_of(table, table, ["a", "b"]).tolist() == [0, -1]


def test_parts_of_a_key_do_not_run_together() -> None:
    left = pa.table({"a": ["1", "11"], "b": ["11", "1"]})
    assert positions_of(left, left, ["a", "b"]).tolist() == [0, 1]


def test_a_column_of_the_same_name_is_replaced() -> None:
    left = pa.table({"id": [1], "y": [0]})
    joined = with_latest(left, pa.table({"id": [1], "y": [5]}), ["id"], "y")
    assert joined.to_pylist() == [{"id": 1, "y": 5}]


def test_latest_keeps_the_last_row_of_each_key() -> None:
    table = pa.table({"id": [1, 2, 1, 3], "y": [1, 2, 3, 4]})
    assert latest(table, ["id"]).to_pylist() == [{"id": 2, "y": 2}, {"id": 1, "y": 3}, {"id": 3, "y": 4}]


def test_a_missing_key_column_is_told() -> None:
    with pytest.raises(ColumnMissing):
        positions_of(pa.table({"a": [1]}), pa.table({"b": [1]}), ["a"])


def test_an_empty_side_joins_to_nothing() -> None:
    empty = pa.table({"id": pa.array([], pa.int64())})
    assert positions_of(pa.table({"id": [1]}), empty, ["id"]).tolist() == [-1]
    assert positions_of(empty, pa.table({"id": [1]}), ["id"]).tolist() == []


keys = st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from("ab")), max_size=12)


@given(keys, keys)
def test_the_join_is_a_dictionary_of_the_last_rows(left, right) -> None:
    def table(rows):
        a, b = zip(*rows, strict=True) if rows else ((), ())
        return pa.table({"a": pa.array(a, pa.int64()), "b": pa.array(b, pa.string())})

    last = {key: position for position, key in enumerate(right) if None not in key}
    assert positions_of(table(left), table(right), ["a", "b"]).tolist() == [last.get(key, -1) for key in left]


def test_times_and_the_text_that_the_log_keeps_of_them_are_one_key() -> None:
    left = pa.table({"at": ["2012-01-01T05:00:00", "2012-01-01T05:00:00.250000"]})
    times = pa.array(["2012-01-01T05:00:00.250", "2012-01-01T05:00:00"]).cast(pa.timestamp("us"))
    right = pa.table({"at": times})
    assert positions_of(left, right, ["at"]).tolist() == [1, 0]


def test_rows_without_a_whole_key_are_nobodys_repeat() -> None:
    table = pa.table({"id": [1, None, 1, None], "y": [1, 2, 3, 4]})
    assert latest(table, ["id"]).column("y").to_pylist() == [2, 3, 4]

# ruff: noqa: DTZ001 - tables hold UTC without a zone

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from mlctl.tabular.parquet import table_bytes, table_from

TABLE = pa.table(
    {
        "n": [1.5, None],
        "s": ["a", "b"],
        "t": pa.array([datetime(2012, 1, 1), None], pa.timestamp("ms")),
        "p": [[0.1, 0.9], None],
    }
)


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    data = table_bytes(TABLE)
    assert table_from(data) == TABLE
    (tmp_path / "t").write_bytes(data)
    assert table_from(tmp_path / "t") == TABLE


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked_or_annotated() -> None:
    data = table_bytes(TABLE)
    assert table_bytes(TABLE.replace_schema_metadata({"made": "today"})) == data
    assert table_bytes(pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])) == data


def test_an_empty_table_keeps_its_columns() -> None:
    assert table_from(table_bytes(TABLE.slice(0, 0))).schema == TABLE.schema

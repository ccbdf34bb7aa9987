import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlctl.domain.errors import UnreadableTable, UsageError
from mlctl.domain.spec import ReadSpec
from mlctl.tabular.batches import TableWriter, read_batches
from mlctl.tabular.read import read_table


def whole(path, **options):
    return pa.concat_tables(list(read_batches(path, **options)), promote_options="permissive")


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "\ufeffa;b\r\n1;x\r\n2;y\r\n",
        'a,b\n 1 ,"x, or\ny"\n2,"y"\n',
        "a\tb\n1\tx\n2\ty",
    ],
)
def test_delimited_text_is_laid_out_as_the_whole_reader_lays_it_out(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text, newline="")
    expected = read_table(path)
    found = whole(path)
    assert found.column_names == expected.column_names
    assert found.column("b").to_pylist() == expected.column("b").to_pylist()
    assert [int(value) for value in found.column("a").to_pylist()] == expected.column("a").to_pylist()
    zipped = tmp_path / "t.csv.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert whole(zipped).to_pydict() == found.to_pydict()


def test_names_of_a_spec_stand_in_for_a_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1,x\n2,y\n")
    found = whole(path, read=ReadSpec(header=False, names=["a", "b"]))
    assert found.to_pydict() == {"a": ["1", "2"], "b": ["x", "y"]}


def test_a_large_file_comes_in_pieces_in_order(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "".join(f"{number:020d}\n" for number in range(900_000)))
    pieces = [piece.num_rows for piece in read_batches(path)]
    assert len(pieces) > 1
    numbers = [int(value) for piece in read_batches(path) for value in piece.column("a").to_pylist()]
    assert numbers == list(range(900_000))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "arrow"])
def test_other_formats_come_in_pieces_too(tmp_path, suffix):
    table = pa.table({"a": list(range(10)), "b": [None, 1.5] * 5})
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=4)
    assert len(list(read_batches(path, rows=4))) == 3
    assert whole(path, rows=4).to_pydict() == table.to_pydict()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b""),
        ("t.csv", b"a,b\n"),
        ("t.csv", b"a,b\n1,2\n3\n"),
        ("t.parquet", b"PAR1 nonsense"),
        ("t.csv.gz", gzip.compress(b"a\n1\n", mtime=0)[:-4]),
        ("t.jsonl", b"{\n"),
        ("t.csv", b"a\n\xff\n"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableTable, match="t\\."):
        list(read_batches(path))


def test_a_path_that_is_no_file_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UnreadableTable):
            list(read_batches(path))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_what_is_written_in_pieces_reads_back_bit_for_bit(tmp_path, suffix):
    values = [0.1 + 0.2, 1e-300, 3.0, -1 / 3]
    path = tmp_path / f"out.{suffix}"
    writer = TableWriter(path, path.name)
    writer.write(pa.table({"k": [1, 2], "p": values[:2]}))
    writer.write(pa.table({"k": [3, 4], "p": values[2:]}))
    writer.close()
    assert writer.rows == 4
    assert read_table(path).to_pydict() == {"k": [1, 2, 3, 4], "p": values}


def test_a_format_that_is_not_written_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        TableWriter(tmp_path / "out.xlsx", "out.xlsx")

"""Reading tables of every format, and saying what is wrong with those that are none."""
# ruff: noqa: DTZ001 - tables hold UTC without a zone

import gzip
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from mlctl.domain.errors import ColumnMissing, UnreadableTable
from mlctl.domain.spec import ReadSpec
from mlctl.tabular.read import read_bytes, read_table
from mlctl.tabular.schema import columns_of


def read(text: str | bytes, name: str = "t.csv", **options) -> pa.Table:
    data = text.encode() if isinstance(text, str) else text
    return read_bytes(data, name, ReadSpec(**options))


def refused(text: str | bytes, name: str = "t.csv", **options) -> UnreadableTable:
    with pytest.raises(UnreadableTable) as caught:
        read(text, name, **options)
    assert caught.value.exit_code == 90
    assert name in caught.value.message
    return caught.value


def types(table: pa.Table) -> dict[str, str]:
    return {column.name: column.type for column in columns_of(table)}


def test_types_are_inferred_over_the_whole_column() -> None:
    table = read(
        "i,n,b,d,t,s,z,big\n"
        "1,1,true,2012-01-31,2012-01-31 10:00:00,a,007,12345678901234567890\n"
        "-2,.5e3,FALSE,2012-02-29,2012-01-31T10:00:00.5,b,123,1\n"
        ",,,,,,,\n"
    )
    assert types(table) == {
        "i": "integer", "n": "number", "b": "boolean", "d": "date", "t": "datetime", "s": "string",
        "z": "string", "big": "string",
    }  # fmt: skip
    assert table.column("i").to_pylist() == [1, -2, None]
    assert table.column("n").to_pylist() == [1.0, 500.0, None]
    assert table.column("b").to_pylist() == [True, False, None]
    assert table.column("d").to_pylist() == [date(2012, 1, 31), date(2012, 2, 29), None]
    assert table.column("t").to_pylist()[1] == datetime(2012, 1, 31, 10, 0, 0, 500000)


def test_times_with_zones_become_utc() -> None:
    table = read("t\n2012-01-31T10:00:00+02:00\n2012-01-31T10:00:00Z\n")
    assert table.column("t").to_pylist() == [datetime(2012, 1, 31, 8), datetime(2012, 1, 31, 10)]


def test_the_type_does_not_depend_on_where_in_a_large_file_the_odd_value_is() -> None:
    rows = ["1"] * 400_000
    rows[-1] = "1.5"
    assert types(read("x\n" + "\n".join(rows))) == {"x": "number"}
    rows[-1] = "many"
    assert types(read("x\n" + "\n".join(rows))) == {"x": "string"}


def test_windows_files_read_like_others() -> None:
    plain = read("a,b\n1,x\n2,y\n")
    assert read(b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n") == plain


def test_blanks_after_separators_are_no_part_of_the_values() -> None:
    table = read("39, State-gov, <=50K\n50, ?, >50K\n", names=["age", "work", "income"], null=["?"])
    assert table.to_pylist() == [
        {"age": 39, "work": "State-gov", "income": "<=50K"},
        {"age": 50, "work": None, "income": ">50K"},
    ]


def test_quotes_after_blanks_enclose() -> None:
    assert read('a, b\n1, "x, y"\n').column("b").to_pylist() == ["x, y"]


def test_quoted_values_may_hold_newlines_delimiters_and_quotes() -> None:
    table = read('a,b\n1,"two\nlines, ""quoted"""\n2,x\n')
    assert table.column("b").to_pylist() == ['two\nlines, "quoted"', "x"]


def test_in_tab_separated_text_a_stray_quote_is_a_character() -> None:
    table = read('label\ttext\nham\t"so what\nspam\tyes" no\n', "t.tsv")
    assert table.column("text").to_pylist() == ['"so what', 'yes" no']


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "a,b,c\n1,x,2\n3,y,4\n".replace(",", delimiter)
    assert read(text).column_names == ["a", "b", "c"]


def test_decimal_commas() -> None:
    table = read("a;b\n1,5;x\n-0,25;y\n", decimal=",")
    assert table.column("a").to_pylist() == [1.5, -0.25]


@pytest.mark.parametrize(
    ("text", "options", "names", "rows"),
    [
        ("a,b\n1,2\n", {}, ["a", "b"], 1),
        ("1,2\n3,4\n", {}, ["column_1", "column_2"], 2),
        ("x,y\nz,w\n", {}, ["x", "y"], 1),
        ("x,x\nz,w\n", {}, ["column_1", "column_2"], 2),
        ("1,2\n3,4\n", {"names": ["a", "b"]}, ["a", "b"], 2),
        ("a,b\n3,4\n", {"names": ["a", "b"]}, ["a", "b"], 1),
        ("p,q\n3,4\n", {"names": ["a", "b"]}, ["a", "b"], 1),
        ("ham,Go home\nspam,4 free\n", {"names": ["a", "b"]}, ["a", "b"], 2),
        ("a,b\nc,d\n", {"header": False}, ["column_1", "column_2"], 2),
        ("1,2\n3,4\n", {"header": True}, ["1", "2"], 1),
    ],
)
def test_whether_the_first_row_holds_names(text, options, names, rows) -> None:
    table = read(text, **options)
    assert (table.column_names, table.num_rows) == (names, rows)


def test_declared_types_win_over_inferred_ones() -> None:
    table = read("zip,n\n1234,1\n5678,2\n", types={"zip": "string", "n": "number"})
    assert types(table) == {"zip": "string", "n": "number"}


def test_texts_are_replaced_before_they_are_typed() -> None:
    table = read("y\n<=50K.\n>50K\n", replace={"y": {"<=50K.": "<=50K"}})
    assert table.column("y").to_pylist() == ["<=50K", ">50K"]


def test_a_value_of_another_type_than_declared_is_named_by_line() -> None:
    error = refused('a,b\n"x\ny",1\nz,two\n', types={"b": "integer"})
    assert error.facts["line"] == 4
    assert error.facts["value"] == "two"


def test_a_declared_column_that_is_not_there_is_missing() -> None:
    with pytest.raises(ColumnMissing) as caught:
        read("alpha,b\n1,2\n", types={"alhpa": "integer"})
    assert caught.value.facts["nearest"] == "alpha"


def test_a_row_of_another_length_is_named_by_line() -> None:
    error = refused('a,b\n1,"two\nlines"\n3\n')
    assert (error.facts["line"], error.facts["expected"], error.facts["found"]) == (4, 2, 1)


def test_a_row_that_is_too_long_is_named_by_line() -> None:
    error = refused("a,b\n1,2\n3,4,5\n6,7\n")
    assert (error.facts["line"], error.facts["found"]) == (3, 3)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "   \r\n"])
def test_an_empty_file_is_no_table(text: str) -> None:
    assert "empty" in refused(text).message


def test_a_header_alone_is_no_table() -> None:
    assert "no rows" in refused("a,b\n").message


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("ham\tGo on\nspam\tWin\nham\tOk\n", ["column_1", "column_2"], 3),  # "ham" is a value of its column
        ("kind\ttext\nspam\tWin\nham\tkind\n", ["kind", "text"], 2),  # in another column it is none
        ("kind,text\nspam,Win\nkind,text\nham,Ok\n", ["kind", "text"], 3),  # the header itself stands again
    ],
)
def test_a_first_row_whose_value_stands_again_in_its_column_is_no_header(text, names, rows) -> None:
    table = read_bytes(text.encode(), "t.tsv" if "\t" in text else "t.csv")
    assert (table.column_names, table.num_rows) == (names, rows)


def test_names_given_twice_are_refused() -> None:
    assert refused("a,b,a\n1,2,3\n", header=True).facts["columns"] == ["a"]


def test_a_column_without_a_name_is_refused() -> None:
    assert refused("a,,c\n1,2,3\n", header=True).facts["column"] == 2


def test_the_number_of_names_must_fit() -> None:
    error = refused("1,2,3\n", names=["a", "b"])
    assert (error.facts["expected"], error.facts["found"]) == (2, 3)


def test_a_byte_of_another_encoding_is_named_by_its_offset() -> None:
    error = refused("name\nJos\xe9\n".encode("latin-1"))
    assert (error.facts["offset"], error.facts["line"]) == (8, 2)
    assert read("name\nJos\xe9\n".encode("latin-1"), encoding="latin-1").column("name").to_pylist() == [
        "José"
    ]


def test_sixteen_bit_text_is_recognised() -> None:
    data = "a,b\n1,2\n".encode("utf-16")
    assert "UTF-16" in refused(data).message
    assert read(data, encoding="utf-16").to_pylist() == [{"a": 1, "b": 2}]


def test_binary_bytes_are_no_text() -> None:
    assert refused(b"a,b\n1,\x00\n").facts["offset"] == 6


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(UnreadableTable):
            read_table(path)


def test_all_formats_give_the_same_table(tmp_path: Path) -> None:
    text = "i,n,s,d\n1,1.5,a,2012-01-01\n2,,b,2012-01-02\n"
    plain = read(text)
    pq.write_table(plain, tmp_path / "t.parquet")
    pyarrow.feather.write_feather(plain, tmp_path / "t.arrow")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "t.tsv").write_text(text.replace(",", "\t"))
    (tmp_path / "t.jsonl").write_text(
        '{"i": 1, "n": 1.5, "s": "a", "d": "2012-01-01"}\n\n{"i": 2, "s": "b", "d": "2012-01-02"}\n'
    )
    for name in ("t.parquet", "t.arrow", "t.csv.gz", "t.tsv", "t.jsonl"):
        assert read_table(tmp_path / name) == plain, name


def test_a_format_is_known_by_its_first_bytes_too(tmp_path: Path) -> None:
    plain = pa.table({"a": [1, 2]})
    pq.write_table(plain, tmp_path / "table")
    assert read_table(tmp_path / "table") == plain


def test_foreign_arrow_types_become_the_six(tmp_path: Path) -> None:
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int16()),
            "single": pa.array([0.5, float("nan")], pa.float32()),
            "coded": pa.array(["a", "b"]).dictionary_encode(),
            "zoned": pa.array([datetime(2012, 1, 1, 10)] * 2, pa.timestamp("ns", "Europe/Berlin")),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    read_back = read_table(tmp_path / "t.parquet")
    assert types(read_back) == {
        "small": "integer",
        "single": "number",
        "coded": "string",
        "zoned": "datetime",
    }
    assert read_back.column("single").to_pylist() == [0.5, None]
    assert read_back.column("zoned").to_pylist()[0] == datetime(2012, 1, 1, 10)


def test_nested_columns_are_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "deep": [[1, 2]]}), tmp_path / "t.parquet")
    with pytest.raises(UnreadableTable) as caught:
        read_table(tmp_path / "t.parquet")
    assert caught.value.facts["column"] == "deep"


@pytest.mark.parametrize(
    ("text", "line"),
    [('{"a": 1}\n{"a": \n', 2), ('{"a": 1}\n[1]\n', 2), ('{"a": 1}\n\n{"a": {"b": 2}}\n', 3)],
)
def test_a_bad_line_of_json_is_named(text: str, line: int) -> None:
    assert refused(text, "t.jsonl").facts["line"] == line


def test_a_damaged_parquet_file_is_told() -> None:
    refused(b"PAR1 and then nothing", "t.parquet")


def test_a_damaged_gzip_file_is_told() -> None:
    refused(gzip.compress(b"a,b\n1,2\n")[:-9], "t.csv.gz")


def test_any_blank_around_a_value_is_no_part_of_it() -> None:
    for blank in " \u00a0\u2003\x0b\x85":
        assert read(f"a,b\nx,{blank}y{blank}\n").column("b").to_pylist() == ["y"], repr(blank)

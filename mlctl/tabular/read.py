"""Reads a table from a file: CSV, TSV, Parquet, Arrow or JSON lines; also gzipped.

What comes back has only the types of `tabular.schema`. Every failure names the file, and the line where
there is one.
"""

import gzip
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from mlctl.domain.errors import UnreadableTable
from mlctl.domain.spec import ReadSpec
from mlctl.tabular.delimited import read_delimited
from mlctl.tabular.json_lines import read_json_lines
from mlctl.tabular.schema import normalise

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""Suffix to format. Any other file is looked into."""

_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"\xff\xff\xff\xff": "stream"}


def read_table(path: Path, read: ReadSpec | None = None) -> pa.Table:
    """The table that a file holds.

    Raises:
        UnreadableTable: it is missing, empty, has no rows or is no table; the message says where.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableTable(f"{path} does not exist", "mlctl data ls", path=str(path)) from None
    except IsADirectoryError:
        raise UnreadableTable(f"{path} is a folder, not a table", "mlctl data ls", path=str(path)) from None
    return read_bytes(data, str(path), read)


def read_bytes(data: bytes, name: str, read: ReadSpec | None = None) -> pa.Table:
    """The table that the bytes of a file hold; `name` decides the format and stands in messages.

    Raises:
        UnreadableTable: the bytes are empty, have no rows or are no table; the message says where.
    """
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(data, name)
        name = name.removesuffix(".gz")
    if not data.strip(b" \r\n\t\xef\xbb\xbf"):
        raise UnreadableTable(
            f"{name} is empty: a table has at least one row", "mlctl data add --help", path=name
        )
    read = read or ReadSpec()
    format_ = format_of(data, name)
    if format_ in {"csv", "tsv"}:
        table = read_delimited(data, name, read, tabs=format_ == "tsv")
    elif format_ == "jsonl":
        table = read_json_lines(data, name, read)
    else:
        table = normalise(_columnar(data, name, format_), name)
    if table.num_rows == 0:
        raise UnreadableTable(
            f"{name} has columns ({', '.join(table.column_names)}) but no rows",
            "mlctl data add --help",
            path=name,
        )
    return table


def format_of(data: bytes, name: str) -> str:
    """A value of `FORMATS`, or "stream" (Arrow): by the first bytes, then by the suffix."""
    for magic, format_ in _MAGIC.items():
        if data.startswith(magic):
            return format_
    known = FORMATS.get(Path(name).suffix.lower())
    if known is not None:
        return known
    return "jsonl" if data.lstrip()[:1] == b"{" else "csv"


def _unzipped(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableTable(
            f"{name} is a damaged gzip file: {error}", "mlctl data add --help", path=name
        ) from error


def _columnar(data: bytes, name: str, format_: str) -> pa.Table:
    try:
        if format_ == "parquet":
            return pq.read_table(pa.BufferReader(data))
        if format_ == "stream":
            return pa.ipc.open_stream(data).read_all()
        return pa.ipc.open_file(pa.BufferReader(data)).read_all()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableTable(
            f"{name} is no readable {format_} file: {error}",
            "mlctl data add --help",
            path=name,
            format=format_,
        ) from error

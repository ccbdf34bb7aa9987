"""Tables of any size, a piece at a time: read in batches, written in batches, memory flat.

What `tabular.read` and `tabular.parquet` do for whole tables. Columns of delimited text come as text; the
caller, who knows the types, converts them.
"""

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from mlctl.domain.errors import UnreadableTable, UsageError
from mlctl.domain.spec import ReadSpec
from mlctl.tabular.delimited import Layout, as_utf8
from mlctl.tabular.json_lines import read_json_lines
from mlctl.tabular.read import FORMATS, format_of
from mlctl.tabular.schema import normalise

ROWS = 65_536
"""Of a batch, about."""
_HEAD = 1 << 20
_BLOCK = 8 << 20
_GZIP = b"\x1f\x8b"


def read_batches(path: Path, read: ReadSpec | None = None, rows: int = ROWS) -> Iterator[pa.Table]:
    """The table that a file holds, in pieces and in order; none is empty.

    Raises:
        UnreadableTable: it is missing, empty or no table.
    """
    read = read or ReadSpec()
    head = _head(path)
    format_ = format_of(head, path.name.removesuffix(".gz"))
    if format_ in {"csv", "tsv"}:
        pieces = _delimited(path, head, read, tabs=format_ == "tsv")
    elif format_ == "jsonl":
        pieces = _json_lines(path, read, rows)
    else:
        pieces = _columnar(path, format_, rows)
    seen = False
    try:
        for piece in pieces:
            if piece.num_rows:
                seen = True
                yield piece
    except (pa.ArrowException, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableTable(
            f"{path} is no readable {format_} file: {error}", "mlctl predict --help", path=str(path)
        ) from error
    if not seen:
        raise UnreadableTable(f"{path} has no rows", "mlctl predict --help", path=str(path))


class TableWriter:
    """Writes batches of one schema to a file; the format is that of `name`'s suffix.

    Raises:
        UsageError: no such format is written.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self.format = FORMATS.get(Path(name).suffix.lower(), "")
        if self.format not in {"csv", "parquet", "jsonl"}:
            raise UsageError(
                f"{name}: results are written as .csv, .parquet or .jsonl", "mlctl predict --help", path=name
            )
        self._writer: Any = None
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table; every table has the columns of the first."""
        if self._writer is None:
            self._writer = self._open(table.schema)
        self.rows += table.num_rows
        if self.format == "jsonl":
            encode = msgspec.json.encode
            self._writer.write(b"".join([encode(row, enc_hook=str) + b"\n" for row in table.to_pylist()]))
        else:
            self._writer.write_table(table)

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, schema: pa.Schema) -> Any:
        if self.format == "csv":
            return pa.csv.CSVWriter(self._path, schema)
        if self.format == "parquet":
            return pq.ParquetWriter(self._path, schema, compression="zstd")
        return self._path.open("wb")


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(len(_GZIP)) == _GZIP
    return (
        cast("IO[bytes]", gzip.open(path, "rb")) if zipped else path.open("rb")
    )  # GzipFile reads as IO[bytes]


def _head(path: Path) -> bytes:
    try:
        with _opened(path) as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise UnreadableTable(f"{path} does not exist", "mlctl predict --help", path=str(path)) from None
    except IsADirectoryError:
        raise UnreadableTable(
            f"{path} is a folder, not a table", "mlctl predict --help", path=str(path)
        ) from None
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnreadableTable(
            f"{path} is a damaged gzip file: {error}", "mlctl predict --help", path=str(path)
        ) from error
    if not head.strip(b" \r\n\t\xef\xbb\xbf"):
        raise UnreadableTable(f"{path} is empty", "mlctl predict --help", path=str(path))
    return head


def _delimited(path: Path, head: bytes, read: ReadSpec, *, tabs: bool) -> Iterator[pa.Table]:
    whole = head[: head.rfind(b"\n") + 1] or head
    layout = Layout(as_utf8(whole, str(path), read.encoding), str(path), read, tabs=tabs)
    with _opened(path) as file:
        reader = pa.csv.open_csv(
            file,
            read_options=pa.csv.ReadOptions(
                column_names=layout.names,
                skip_rows=int(layout.header),
                block_size=_BLOCK,
                encoding=read.encoding,
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char='"' if layout.quotes or not tabs else False,
                newlines_in_values=layout.quotes,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False
            ),
        )
        for batch in reader:
            table = pa.Table.from_batches([batch])
            yield pa.table(
                [pc.utf8_trim_whitespace(column) for column in table.columns], names=table.column_names
            )


def _json_lines(path: Path, read: ReadSpec, rows: int) -> Iterator[pa.Table]:
    with _opened(path) as file:
        while lines := list(itertools.islice(file, rows)):
            yield read_json_lines(b"".join(lines), str(path), ReadSpec(null=read.null))


def _columnar(path: Path, format_: str, rows: int) -> Iterator[pa.Table]:
    if format_ == "parquet":
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=rows):
                yield normalise(pa.Table.from_batches([batch]), str(path))
        return
    opened = pa.ipc.open_stream(path) if format_ == "stream" else pa.ipc.open_file(path)
    batches = (
        opened if format_ == "stream" else (opened.get_batch(i) for i in range(opened.num_record_batches))
    )
    for batch in batches:
        yield normalise(pa.Table.from_batches([batch]), str(path))

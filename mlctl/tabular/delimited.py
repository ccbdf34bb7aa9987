"""Delimited text (CSV, TSV) as people really write it, read column by column as text and then typed.

Tolerated: a byte order mark, CRLF, blanks around values, quoted newlines, blank lines. Not tolerated, and
named by line: rows of another length, names given twice, bytes that are not in the declared encoding.
"""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from mlctl.domain.errors import UnreadableTable
from mlctl.domain.spec import ReadSpec
from mlctl.tabular import infer
from mlctl.tabular.retype import as_declared, replaced, with_nulls
from mlctl.tabular.schema import require_columns

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 200
_SAMPLE_BYTES = 1 << 20
_HINT = "mlctl data add --help"


def read_delimited(data: bytes, name: str, read: ReadSpec, *, tabs: bool = False) -> pa.Table:
    """The table that the bytes of a delimited file hold.

    Raises:
        UnreadableTable: the bytes are not such a table; the message names the line.
    """
    data = as_utf8(data, name, read.encoding)
    layout = Layout(data, name, read, tabs=tabs)
    table = layout.columns()
    require_columns(table, [*read.replace, *read.types], name)
    arrays = []
    for column_name in table.column_names:
        column = trimmed(table.column(column_name))
        column = replaced(with_nulls(column, read.null), read.replace.get(column_name, {}))
        declared = read.types.get(column_name)
        if declared is None:
            arrays.append(infer.typed(column, read.decimal))
        else:
            arrays.append(as_declared(column, column_name, declared, name, read, layout.line_of))
    return pa.table(arrays, names=table.column_names)


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A text column without blanks around its values; the same column where there are none."""
    if not pc.any(
        pc.match_substring_regex(column, r"^[\s\x0b\x1c-\x1f\x{85}\p{Z}]|[\s\x0b\x1c-\x1f\x{85}\p{Z}]$")
    ).as_py():
        return column
    return pc.utf8_trim_whitespace(column)


def as_utf8(data: bytes, name: str, encoding: str) -> bytes:
    """The bytes in UTF-8, without a byte order mark.

    Raises:
        UnreadableTable: a byte is not in the encoding; the message names its offset.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} and not encoding.lower().startswith("utf-16"):
        raise UnreadableTable(
            f"{name} begins as UTF-16 text; say encoding = 'utf-16' in [data.….read]",
            _HINT,
            path=name,
            offset=0,
        )
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableTable(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} at offset {error.start} is not {encoding}; "
            "say encoding = 'latin-1' (or another) in [data.….read]",
            _HINT,
            path=name,
            line=line,
            offset=error.start,
        ) from error
    except LookupError as error:
        raise UnreadableTable(f"{name}: unknown encoding {encoding!r}", _HINT, path=name) from error
    offset = text.find("\0")
    if offset >= 0:
        raise UnreadableTable(
            f"{name} is no text: a zero byte at offset {offset}", _HINT, path=name, offset=offset
        )
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8", "ascii", "us-ascii"}:
        return data.removeprefix(b"\xef\xbb\xbf")
    return text.removeprefix("\ufeff").encode()


class Layout:
    """How one delimited file is laid out: its delimiter, quoting, names and header.

    Attributes:
        delimiter: one character.
        names: of the columns.
        header: whether the first row holds names.
        quotes: whether `"` encloses values.
    """

    def __init__(self, data: bytes, name: str, read: ReadSpec, *, tabs: bool) -> None:
        self.data = data
        self.name = name
        self.quotes = b'"' in data
        self.delimiter = read.delimiter or ("\t" if tabs else _sniffed(data))
        sample = self._sample()
        self.header = _has_header(sample, read) if read.header is None else read.header
        first = [cell.strip() for cell in sample[0]]
        self.names = list(read.names) if read.names else first if self.header else _numbered(len(first))
        self._check_names(len(first))

    def columns(self) -> pa.Table:
        """Every column as text."""
        if self.quotes and self.delimiter == "\t" and not self._quotes_enclose():
            self.quotes = False
        try:
            return self._parsed()
        except pa.ArrowInvalid as error:
            self._explain(error)
            return self._by_rows()

    def line_of(self, row: int) -> int:
        """The 1-based line on which a 0-based data row begins."""
        line = 1
        for number, (start, _) in enumerate(self._rows()):
            if number == row + self.header:
                return start
            line = start
        return line

    def _parsed(self) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(self.data),
            read_options=pa.csv.ReadOptions(column_names=self.names, skip_rows_after_names=int(self.header)),
            parse_options=pa.csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char='"' if self.quotes else False,
                newlines_in_values=self.quotes,
                ignore_empty_lines=True,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), strings_can_be_null=False
            ),
        )

    def _rows(self, size: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not blank, with the line it begins on, as Python's reader sees it.

        With a size, only rows that begin in so many bytes; the last one may be cut.
        """
        stream = io.StringIO(self.data[:size].decode(errors="ignore"), newline="")
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE
        reader = csv.reader(stream, delimiter=self.delimiter, quoting=quoting, skipinitialspace=True)
        before = 0
        for row in reader:
            if row:
                yield before + 1, row
            before = reader.line_num

    def _sample(self) -> list[list[str]]:
        rows = [row for _, row in itertools.islice(self._rows(_SAMPLE_BYTES), _SAMPLE_ROWS)]
        cut = len(self.data) > _SAMPLE_BYTES and 1 < len(rows) < _SAMPLE_ROWS
        return rows[:-1] if cut else rows

    def _quotes_enclose(self) -> bool:
        """In tab-separated text a quote is often a plain character, such as one that is never closed.

        Quotes enclose if every line is then one whole row, or if the rows are only whole with quotes.
        """
        lines = sum(1 for line in self.data.splitlines() if line.strip())
        enclosed = [len(row) for _, row in self._rows()]
        if set(enclosed) == {len(self.names)} and len(enclosed) == lines:
            return True
        self.quotes = False
        whole = {len(row) for _, row in self._rows()} == {len(self.names)}
        self.quotes = True
        return not whole

    def _check_names(self, width: int) -> None:
        if len(self.names) != width:
            raise UnreadableTable(
                f"{self.name}, line 1: {width} values, but {len(self.names)} names are declared: "
                f"{', '.join(self.names)}",
                _HINT,
                path=self.name,
                line=1,
                expected=len(self.names),
                found=width,
            )
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise UnreadableTable(
                f"{self.name}, line 1: column name {twice[0]!r} stands more than once",
                _HINT,
                path=self.name,
                line=1,
                columns=twice,
            )
        if "" in self.names:
            at = self.names.index("") + 1
            raise UnreadableTable(
                f"{self.name}, line 1: column {at} has no name", _HINT, path=self.name, line=1, column=at
            )

    def _explain(self, error: pa.ArrowInvalid) -> None:
        """Raise with the first line that does not fit; return where Python's reader finds none."""
        for line, row in self._rows():
            if len(row) != len(self.names):
                raise UnreadableTable(
                    f"{self.name}, line {line}: expected {len(self.names)} values, found {len(row)}",
                    _HINT,
                    path=self.name,
                    line=line,
                    expected=len(self.names),
                    found=len(row),
                ) from error

    def _by_rows(self) -> pa.Table:
        """With Python's reader, which knows blanks before quotes."""
        rows = [row for _, row in self._rows()][int(self.header) :]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.names)
        return pa.table([pa.chunked_array([pa.array(c, pa.string())]) for c in columns], names=self.names)


def _sniffed(data: bytes) -> str:
    """The delimiter that occurs most evenly in the first lines outside quotes; a comma if none does."""
    text = data[:65536].decode(errors="ignore")
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        widths = [len(row) for row, _ in zip(reader, range(50), strict=False) if row]
        usual = max(set(widths), key=widths.count) if widths else 1
        score = widths.count(usual) * (usual > 1)
        if score > most:
            best, most = delimiter, score
    return best


def _has_header(sample: Sequence[Sequence[str]], read: ReadSpec) -> bool:
    """Whether the first row names the columns: no cell looks like a value, and none stands twice or is empty.

    A cell that stands again further down in its column is a value, unless the whole first row is repeated.
    With declared names it must also hold one of them, or be text above columns of numbers or dates.
    """
    first = [cell.strip() for cell in sample[0]]
    if any(not cell or cell in read.null or _looks_typed(cell) for cell in first) or len(set(first)) < len(
        first
    ):
        return False
    rest = [row for row in ([cell.strip() for cell in row] for row in sample[1:]) if len(row) == len(first)]
    if any(cell == name for row in rest if row != first for cell, name in zip(row, first, strict=True)):
        return False
    if not read.names:
        return True
    if {cell.casefold() for cell in first} & {name.casefold() for name in read.names}:
        return True
    return any(_look_typed([row[i] for row in rest]) for i in range(len(first)))


def _looks_typed(cell: str) -> bool:
    return cell[:1].isdigit() or _look_typed([cell])


def _look_typed(cells: Sequence[str]) -> bool:
    column = pa.chunked_array([pa.array([cell or None for cell in cells], pa.string())])
    return bool(infer.typed(column).type != pa.string())


def _numbered(width: int) -> list[str]:
    return [f"column_{i}" for i in range(1, width + 1)]

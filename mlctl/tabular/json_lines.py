"""JSON lines: one object a line, its keys the columns; a key that a line lacks is missing there."""

from typing import Any

import msgspec
import pyarrow as pa

from mlctl.domain.errors import UnreadableTable
from mlctl.domain.spec import ReadSpec
from mlctl.tabular import infer
from mlctl.tabular.retype import retyped


def read_json_lines(data: bytes, name: str, read: ReadSpec) -> pa.Table:
    """The table that JSON lines hold.

    Raises:
        UnreadableTable: a line is no JSON object, or holds nested values; the message names the line.
    """
    columns: dict[str, list[Any]] = {}
    rows = 0
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableTable(
                f"{name}, line {number}: not a JSON object: {error}",
                "mlctl data add --help",
                path=name,
                line=number,
            ) from error
        for key, value in row.items():
            if isinstance(value, list | dict):
                raise UnreadableTable(
                    f"{name}, line {number}: {key!r} holds a nested value; mlctl reads flat rows",
                    "mlctl data add --help",
                    path=name,
                    line=number,
                    column=key,
                )
            if key not in columns:
                columns[key] = [None] * rows
            columns[key].append(value)
        rows += 1
        for values in columns.values():
            if len(values) < rows:
                values.append(None)
    table = pa.table({key: _column(values) for key, values in columns.items()})
    return retyped(table, name, read)


def _column(values: list[Any]) -> pa.ChunkedArray:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        try:
            return pa.chunked_array([pa.array(values, pa.int64())])
        except OverflowError:
            kinds = {str, int}
    if kinds <= {int, float}:
        return pa.chunked_array([pa.array([None if v is None else float(v) for v in values], pa.float64())])
    if kinds == {bool}:
        return pa.chunked_array([pa.array(values, pa.bool_())])
    text = [None if v is None else _text(v) for v in values]
    column = pa.chunked_array([pa.array(text, pa.string())])
    if kinds != {str}:
        return column
    for type_ in ("date", "datetime"):
        done = infer.cast(column, type_) if column.null_count < len(column) else None
        if done is not None:
            return done
    return column


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

"""What `[data.NAME.read]` says about values: texts for missing, replaced texts, declared types."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import UnreadableTable
from mlctl.domain.spec import ReadSpec
from mlctl.tabular import infer
from mlctl.tabular.schema import require_columns

Locate = Callable[[int], int]
"""The line of a 0-based row."""


def retyped(table: pa.Table, source: str, read: ReadSpec, locate: Locate = lambda row: row + 1) -> pa.Table:
    """The table with `read`'s nulls, replacements and declared types applied, in this order.

    Raises:
        ColumnMissing: `read` names a column that the table lacks.
        UnreadableTable: a value does not have its declared type; the message names its line.
    """
    require_columns(table, [*read.replace, *read.types], source)
    arrays = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_string(column.type):
            column = replaced(with_nulls(column, read.null), read.replace.get(name, {}))
        declared = read.types.get(name)
        if declared is not None:
            column = as_declared(column, name, declared, source, read, locate)
        arrays.append(column)
    return pa.table(arrays, names=table.column_names)


def with_nulls(column: pa.ChunkedArray, texts: list[str]) -> pa.ChunkedArray:
    """A text column with nulls in place of these texts and of the empty text."""
    missing = pc.is_in(column, value_set=pa.array(["", *texts], pa.string()))
    if not pc.any(missing).as_py():
        return column
    return pc.if_else(missing, pa.scalar(None, pa.string()), column)


def replaced(column: pa.ChunkedArray, texts: dict[str, str]) -> pa.ChunkedArray:
    """A text column with whole texts read as others."""
    result = column
    for old, new in texts.items():
        result = pc.if_else(
            pc.fill_null(pc.equal(column, old), fill_value=False), pa.scalar(new, pa.string()), result
        )
    return result


def as_declared(
    column: pa.ChunkedArray, name: str, declared: str, source: str, read: ReadSpec, locate: Locate
) -> pa.ChunkedArray:
    """A column in its declared type.

    Raises:
        UnreadableTable: a value does not have it; the message names its line.
    """
    text = column if pa.types.is_string(column.type) else column.cast(pa.string())
    done = infer.cast(text, declared, read.decimal)
    if done is not None:
        return done
    row, value = infer.first_misfit(text, declared, read.decimal)
    line = locate(row)
    raise UnreadableTable(
        f"{source}, line {line}: {name} = {value!r} is no {declared}, as [data] read.types declares it",
        "mlctl spec explain",
        path=source,
        line=line,
        column=name,
        value=value,
    )

"""Types of columns: the six that mlctl knows, and how any Arrow table is brought to them.

integer int64 · number float64 · boolean bool · string utf8 · date date32 · datetime timestamp[ms], in UTC
without a zone.
NaN is a missing value: a normalised table has nulls only.
"""

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.dataset import Column
from mlctl.domain.errors import ColumnMissing, UnreadableTable
from mlctl.domain.nearest import nearest

ARROW = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("ms"),
}
_DATASET = re.compile(r"[a-z0-9][a-z0-9_-]*@\d+")
_NAMES = {value: key for key, value in ARROW.items()}


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """The schema of a table; a column is nullable if it holds a null."""
    return tuple(
        Column(name=name, type=type_name(table.column(name).type), nullable=table.column(name).null_count > 0)
        for name in table.column_names
    )


def type_name(type_: pa.DataType) -> str:
    """The mlctl name of an Arrow type, as it would be after `normalise`; "other" where there is none."""
    found = _NAMES.get(type_)
    if found is not None:
        return found
    target = _target(type_)
    return "other" if target is None else _NAMES[target]


def normalise(table: pa.Table, source: str) -> pa.Table:
    """The same table with only the six types, nulls for NaN, and no metadata; `source` stands in messages.

    Raises:
        UnreadableTable: a column has a type with no counterpart (nested, binary), or a number does not fit.
    """
    arrays = []
    for name in table.column_names:
        column = table.column(name)
        target = _target(column.type)
        if target is None:
            raise UnreadableTable(
                f"{source}: column {name!r} holds {column.type}; mlctl reads numbers, booleans, text, "
                "dates and times",
                "mlctl data add --help",
                path=source,
                column=name,
            )
        arrays.append(nan_to_null(_cast(column, target, name, source)))
    return pa.table(arrays, names=table.column_names)


def nan_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with nulls in place of NaN."""
    if not pa.types.is_floating(column.type) or not pc.any(pc.is_nan(column)).as_py():
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def require_columns(table: pa.Table, names: Iterable[str], source: str) -> None:
    """Check that a table has these columns.

    Raises:
        ColumnMissing: the first that it lacks, with the nearest that it has.
    """
    for name in names:
        if name not in table.column_names:
            raise column_missing(name, table.column_names, source)


def column_missing(
    name: str, known: Iterable[str], source: str, *, hint: str = "mlctl data show"
) -> ColumnMissing:
    """The error for a column that a table lacks; the hint is for where the table is no dataset."""
    known = list(known)
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else f"; it has {', '.join(known) or 'no columns'}"
    return ColumnMissing(
        f"{source} has no column {name!r}{guess}",
        f"{hint} {source}" if hint == "mlctl data show" and _DATASET.fullmatch(source) else hint,
        column=name,
        nearest=near,
        columns=known,
    )


def _target(type_: pa.DataType) -> pa.DataType | None:  # noqa: PLR0911 - one line a family of types
    if pa.types.is_dictionary(type_):
        return _target(type_.value_type)
    if pa.types.is_integer(type_):
        return pa.int64()
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return pa.float64()
    if pa.types.is_boolean(type_):
        return pa.bool_()
    if pa.types.is_date(type_):
        return pa.date32()
    if pa.types.is_timestamp(type_):
        return pa.timestamp("ms")
    if (
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
        or pa.types.is_time(type_)
        or pa.types.is_null(type_)
    ):
        return pa.string()
    return None


def _cast(column: pa.ChunkedArray, target: pa.DataType, name: str, source: str) -> pa.ChunkedArray:
    if column.type == target:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        if column.type.tz is not None:
            column = column.cast(pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
        return column.cast(target, safe=False)
    try:
        return column.cast(target)
    except pa.ArrowInvalid as error:
        raise UnreadableTable(
            f"{source}: column {name!r} ({column.type}) does not fit {type_name(target)}: {error}",
            "mlctl data add --help",
            path=source,
            column=name,
        ) from error

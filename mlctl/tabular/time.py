"""Event time: when the thing that a row describes happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.duration import duration
from mlctl.domain.errors import UnreadableTable
from mlctl.tabular.schema import require_columns

__all__ = ["duration", "event_time"]

_LAST_HOUR = 23


def event_time(table: pa.Table, columns: Sequence[str], source: str = "the table") -> np.ndarray[Any, Any]:
    """The event time of each row: shape (rows,), datetime64[ms], NaT where a part is missing.

    The first column holds dates or times (or ISO text); a further integer column, 0..23, adds hours.

    Raises:
        ColumnMissing: the table lacks one of the columns.
        UnreadableTable: a column cannot be read as such a time; the message names the row.
    """
    require_columns(table, columns, source)
    moments = _moments(table.column(columns[0]), columns[0], source)
    for name in columns[1:]:
        moments = moments + _hours(table.column(name), name, source)
    return moments


def _moments(column: pa.ChunkedArray, name: str, source: str) -> np.ndarray[Any, Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _parsed(column, name, source)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        raise UnreadableTable(
            f"{source}: time column {name!r} holds {column.type}, not dates, times or ISO text",
            "mlctl data show",
            column=name,
        )
    return np.asarray(column.cast(pa.timestamp("ms"), safe=False).to_numpy()).astype("datetime64[ms]")


def _parsed(column: pa.ChunkedArray, name: str, source: str) -> pa.ChunkedArray:
    for zone in (None, "UTC"):
        try:
            return column.cast(pa.timestamp("us", zone)).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            continue
    for row, value in enumerate(column.to_pylist(), start=1):
        try:
            pa.array([value]).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            raise UnreadableTable(
                f"{source}, row {row}: {name} = {value!r} is not an ISO date or time",
                "mlctl data show",
                column=name,
                row=row,
                value=value,
            ) from None
    raise UnreadableTable(
        f"{source}: {name} mixes times with and without a zone", "mlctl data show", column=name
    )


def _hours(column: pa.ChunkedArray, name: str, source: str) -> np.ndarray[Any, Any]:
    if pa.types.is_floating(column.type):
        column = pc.cast(column, pa.int64(), safe=False)
    if not pa.types.is_integer(column.type):
        raise UnreadableTable(
            f"{source}: time column {name!r} holds {column.type}, not hours 0 to 23",
            "mlctl data show",
            column=name,
        )
    bounds = pc.min_max(column).as_py()
    if bounds["min"] is not None and (bounds["min"] < 0 or bounds["max"] > _LAST_HOUR):
        raise UnreadableTable(
            f"{source}: time column {name!r} holds {bounds['min']} to {bounds['max']}, not hours 0 to 23",
            "mlctl data show",
            column=name,
        )
    present = np.asarray(pc.is_valid(column).to_numpy())
    hours = np.asarray(pc.fill_null(column, 0).to_numpy()).astype("timedelta64[h]").astype("timedelta64[ms]")
    hours[~present] = np.timedelta64("NaT")
    return hours

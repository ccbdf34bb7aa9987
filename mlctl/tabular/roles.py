"""Which columns name a row and which say when it happened: found from values, with names to break ties."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.tabular.join import key_codes
from mlctl.tabular.schema import type_name

_ID = re.compile(
    r"(?:^|[_\-. ])(?:id|ids|key|uuid|guid|instant|index|idx|rownum|row|nr|no|number|pk)$|^[a-z]+id$",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"^(?:id|key|uuid|guid|instant|index|idx|row(?:[_-]?(?:id|no|nr|num|number))?|pk)$", re.IGNORECASE
)
_EVENT = re.compile(r"time|date|^ts$|^dt|day|created|event|observ|measured|recorded|when", re.IGNORECASE)
_NOT_EVENT = re.compile(r"birth|dob|expir|due|updated|modified|known|ingest", re.IGNORECASE)
_HOUR = re.compile(r"^(?:hr|hrs|hour|hours|hour_of_day|hod)$", re.IGNORECASE)
_LAST_HOUR = 23
_LONG_WORDS = 3.0
_NEARLY_ALL = 0.9
_MIN_ROWS = 20


def time_columns(table: pa.Table, target: str) -> tuple[str, ...]:
    """The columns that say when a row happened, such as ("dteday", "hr"); () where none does."""
    found = [
        name
        for name in table.column_names
        if name != target
        and type_name(table.column(name).type) in {"date", "datetime"}
        and table.column(name).null_count == 0
        and not _NOT_EVENT.search(name)
        and pc.count_distinct(table.column(name)).as_py() > 1
    ]
    if not found:
        return ()
    named = [name for name in found if _EVENT.search(name)]
    finest = sorted(named or found, key=lambda name: type_name(table.column(name).type) == "date")
    first = finest[0]
    if type_name(table.column(first).type) == "date":
        hours = [name for name in table.column_names if name != target and _is_hour(name, table.column(name))]
        return (first, *hours[:1])
    return (first,)


def key_columns(table: pa.Table, target: str, time: Sequence[str]) -> tuple[str, ...]:
    """The columns that name a row: one that differs in every row, or the time where it does; () if none."""
    unique = [
        name
        for name in table.column_names
        if name != target
        and name not in time
        and _could_name(table.column(name))
        and is_unique(table, [name])
    ]
    named = [name for name in unique if _ROW.search(name)] or [name for name in unique if _ID.search(name)]
    running = [name for name in unique if _is_running(table.column(name))]
    if named or running:
        return ((named or running)[0],)
    texts = [
        name
        for name in unique
        if type_name(table.column(name).type) == "string" and table.num_rows >= _MIN_ROWS
    ]
    if texts:
        return (texts[0],)
    return tuple(time) if time and is_unique(table, time) else ()


def id_like(table: pa.Table, names: Sequence[str]) -> dict[str, str]:
    """Columns that name things instead of describing them: nearly every row has its own value."""
    found = {}
    for name in names:
        column = table.column(name)
        type_ = type_name(column.type)
        distinct = pc.count_distinct(column, mode="only_valid").as_py()
        if table.num_rows < _MIN_ROWS or distinct < _NEARLY_ALL * (table.num_rows - column.null_count):
            continue
        if type_ == "integer" and (_ID.search(name) or _is_running(column)):
            found[name] = f"names a row: {distinct:,} values in {table.num_rows:,} rows"
        elif type_ == "string" and _words(column) < _LONG_WORDS:
            found[name] = f"names a row: {distinct:,} texts in {table.num_rows:,} rows"
    return found


def is_unique(table: pa.Table, names: Sequence[str]) -> bool:
    """Whether these columns together differ in every row, with no part missing."""
    if any(table.column(name).null_count for name in names):
        return False
    return bool(len(np.unique(key_codes([table], names)[0])) == table.num_rows)


def _could_name(column: pa.ChunkedArray) -> bool:
    type_ = type_name(column.type)
    return type_ == "integer" or bool(type_ == "string" and _words(column) < _LONG_WORDS)


def _words(column: pa.ChunkedArray) -> float:
    mean = pc.mean(pc.add(pc.count_substring_regex(column, r"\s+"), 1)).as_py()
    return 0.0 if mean is None else float(mean)


def _is_running(column: pa.ChunkedArray) -> bool:
    """Whole numbers without gaps, each once."""
    if type_name(column.type) != "integer" or column.null_count or len(column) < _MIN_ROWS:
        return False
    values = np.sort(np.asarray(column.to_numpy()))
    return bool(values[-1] - values[0] == len(values) - 1 and np.all(np.diff(values) == 1))


def _is_hour(name: str, column: pa.ChunkedArray) -> bool:
    if not _HOUR.search(name) or type_name(column.type) != "integer" or column.null_count:
        return False
    bounds = pc.min_max(column).as_py()
    return bool(bounds["min"] >= 0 and bounds["max"] <= _LAST_HOUR and bounds["max"] > bounds["min"])

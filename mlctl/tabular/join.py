"""Joins by key: the last label of each key, beside the rows it belongs to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.tabular.schema import require_columns


def latest(table: pa.Table, by: Sequence[str]) -> pa.Table:
    """The last row of each key, in the order of the rows that stay; rows without a whole key all stay."""
    codes = key_codes([table], by)[0]
    _, positions = np.unique(codes[::-1], return_index=True)
    kept = codes < 0
    kept[len(codes) - 1 - positions] = True
    return table.filter(pa.array(kept))


def positions_of(left: pa.Table, right: pa.Table, by: Sequence[str]) -> np.ndarray[Any, Any]:
    """For each row of `left` the last row of `right` with its key; -1 where there is none.

    Keys are compared as text, so that 7, 7.0 and "7" are one key. A key with a missing part matches nothing.
    Shape (rows of left,), int64.
    """
    a, b = key_codes([left, right], by)
    order = np.argsort(b, kind="stable")
    ordered = b[order]
    at = np.searchsorted(ordered, a, side="right") - 1
    found = (at >= 0) & (a >= 0)
    found[found] = ordered[at[found]] == a[found]
    result = np.full(len(a), -1, dtype=np.int64)
    result[found] = order[at[found]]
    return result


def with_latest(
    left: pa.Table, right: pa.Table, by: Sequence[str], column: str, name: str | None = None
) -> pa.Table:
    """`left` in its order, with `column` of the last row of `right` with the same key; null if none.

    The new column is called `name`, or `column`; one of this name is replaced.
    """
    require_columns(right, [column], "the labels")
    at = positions_of(left, right, by)
    values = right.column(column).take(pa.array(at, mask=at < 0))
    name = name or column
    if name in left.column_names:
        left = left.drop_columns([name])
    return left.append_column(name, values)


def key_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A key column as text: whole numbers without ".0", times in ISO; nulls stay."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        if pc.all(pc.and_(whole, pc.less(pc.abs(column), 2.0**62))).as_py() is not False:
            column = column.cast(pa.int64(), safe=False)
    if pa.types.is_timestamp(column.type):
        return _iso(column.cast(pa.timestamp("ms"), safe=False))
    return column.cast(pa.string())


def _iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as the log of predictions writes them: 2011-01-01T05:00:00, six digits for a fraction."""
    texts = pc.replace_substring(column.cast(pa.string()), " ", "T")
    texts = pc.replace_substring_regex(texts, r"\.000$", "")
    return pc.replace_substring_regex(texts, r"(\.\d{3})$", r"\1000")


def key_codes(tables: Sequence[pa.Table], by: Sequence[str]) -> list[np.ndarray[Any, Any]]:
    """One int64 a row, equal for equal keys over all tables; -1 where a part of the key is missing."""
    sizes = [table.num_rows for table in tables]
    codes = np.zeros(sum(sizes), dtype=np.int64)
    missing = np.zeros(sum(sizes), dtype=bool)
    for name in by:
        for table in tables:
            require_columns(table, [name], "the table")
        text = pa.chunked_array(
            [chunk for table in tables for chunk in key_text(table.column(name)).chunks], pa.string()
        )
        part = text.combine_chunks().dictionary_encode()
        if isinstance(part, pa.ChunkedArray):
            part = part.combine_chunks()
        indices = np.asarray(pc.fill_null(part.indices, -1).to_numpy(zero_copy_only=False)).astype(np.int64)
        missing |= indices < 0
        codes = codes * (len(part.dictionary) + 1) + indices + 1
        _, codes = np.unique(codes, return_inverse=True)
    codes = codes.astype(np.int64)
    codes[missing] = -1
    return np.split(codes, np.cumsum(sizes)[:-1])

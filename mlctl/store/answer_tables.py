"""Answers as tables: inputs under their own names, mlctl's columns under `mlctl.`, one row a prediction."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.prediction import DIGEST, ID, LATENCY, META, OUTPUT, PROBABILITIES, STAGE, TIME, Answered
from mlctl.tabular.parquet import table_bytes, table_from

__all__ = ["answer_table", "merged", "row_of", "since_time", "table_bytes", "table_from"]

_FIXED = {
    ID: pa.string(),
    TIME: pa.string(),
    DIGEST: pa.string(),
    STAGE: pa.string(),
    PROBABILITIES: pa.list_(pa.float64()),
    LATENCY: pa.float64(),
}


def answer_table(answers: Iterable[Answered]) -> pa.Table:
    """The rows of these answers, in order. A column that some requests lack is null there."""
    answers = list(answers)
    columns: dict[str, list[Any]] = {name: [] for answered in answers for name in answered.columns}
    meta: dict[str, list[Any]] = {name: [] for name in (*_FIXED, OUTPUT)}
    for answered in answers:
        rows = len(answered.ids)
        for name in columns:
            columns[name] += answered.columns.get(name) or [None] * rows
        meta[ID] += answered.ids
        meta[OUTPUT] += answered.outputs
        meta[PROBABILITIES] += answered.probabilities or [None] * rows
        for name, value in ((TIME, answered.time), (DIGEST, answered.digest), (STAGE, answered.stage)):
            meta[name] += [value] * rows
        meta[LATENCY] += [answered.latency_ms] * rows
    arrays = {name: _array(values) for name, values in columns.items()}
    arrays |= {name: pa.array(meta[name], type_) for name, type_ in _FIXED.items()}
    arrays[OUTPUT] = _array(meta[OUTPUT])
    return pa.table(arrays)


def merged(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of them all; of rows with the same id the first. Columns of different types become text."""
    tables = [table for table in tables if table.num_rows] or list(tables[:1]) or [answer_table(())]
    table = tables[0] if len(tables) == 1 else _concatenated(tables)
    return _without_repeats(table)


def since_time(table: pa.Table, since: str | None) -> pa.Table:
    """The rows answered at `since` (RFC 3339 UTC, as stored) or later."""
    return table if since is None else table.filter(pc.greater_equal(table[TIME], since))


def row_of(table: pa.Table, prediction_id: str) -> dict[str, Any] | None:
    """The row of one prediction as a dict, or None."""
    found = table.filter(pc.equal(table[ID], prediction_id))
    return dict(found.slice(0, 1).to_pylist()[0]) if found.num_rows else None


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        types: dict[str, set[pa.DataType]] = {}
        for table in tables:
            for field in table.schema:
                types.setdefault(field.name, set()).add(field.type)
        mixed = {name for name, found in types.items() if not _unifies(found)}
        return pa.concat_tables([_as_text(table, mixed) for table in tables], promote_options="permissive")


def _unifies(types: set[pa.DataType]) -> bool:
    schemas = [pa.schema([("x", type_)]) for type_ in types]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    for position, name in enumerate(table.column_names):
        if name in names and not pa.types.is_string(table.schema.field(name).type):
            texts = [None if value is None else _text(value) for value in table.column(name).to_pylist()]
            table = table.set_column(position, name, pa.array(texts, pa.string()))
    return table


def _without_repeats(table: pa.Table) -> pa.Table:
    ids = table[ID]
    if pc.count_distinct(ids).as_py() == table.num_rows:
        return table
    codes = ids.combine_chunks().dictionary_encode()
    indices = codes.indices if isinstance(codes, pa.DictionaryArray) else codes.combine_chunks().indices
    _values, first = np.unique(indices.to_numpy(zero_copy_only=False), return_index=True)
    return table.take(pa.array(np.sort(first)))


def _array(values: list[Any]) -> pa.Array:
    """The values as one Arrow type; text where they have no type in common."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


assert all(name.startswith(META) for name in (*_FIXED, OUTPUT))  # noqa: S101 - a law of the names, checked once at import

"""Columns of a table as arrays that statistics can take."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlctl.domain.model import FeatureEncoding, Signature
from mlctl.domain.prediction import OUTPUT as OUTPUT_COLUMN
from mlctl.monitoring.drift import OUTPUT, Values
from mlctl.tabular.join import key_text

_KINDS = {"number": "numeric", "category": "categorical", "boolean": "categorical"}


def kinds_of(features: tuple[FeatureEncoding, ...]) -> dict[str, str]:
    """Which features are compared as numbers and which as categories; times and free text are left out."""
    return {encoding.column: _KINDS[encoding.type] for encoding in features if encoding.type in _KINDS}


def values_of(table: pa.Table, name: str, kind: str) -> Values:
    """A column's values; what cannot be read as a number is missing in a numeric one."""
    column = table.column(name)
    if kind == "categorical":
        text = key_text(column).combine_chunks()
        missing = np.asarray(pc.is_null(text))
        return Values(kind=kind, values=np.asarray(pc.fill_null(text, ""), dtype=np.str_), missing=missing)
    values = numbers(column)
    return Values(kind=kind, values=values, missing=np.isnan(values))


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column as float64, NaN for what is missing or no number; shape (rows,)."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_null(column.type):
        return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return np.full(len(column), np.nan)
    return np.array(pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")), dtype=np.float64)


def _number(value: str | None) -> float:
    try:
        return float("nan") if value is None else float(value)
    except ValueError:
        return float("nan")


def compared(table: pa.Table, kinds: Mapping[str, str], signature: Signature) -> dict[str, Values]:
    """The features that the table has, and the model's answers under the name "output"."""
    found = {name: values_of(table, name, kind) for name, kind in kinds.items() if name in table.column_names}
    if OUTPUT_COLUMN in table.column_names:
        kind = "numeric" if signature.task == "regression" else "categorical"
        found[OUTPUT] = values_of(table, OUTPUT_COLUMN, kind)
    return found


def class_codes(column: pa.ChunkedArray, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Positions of class labels among the classes, -1 for unknown and missing ones; shape (rows,)."""
    places = {text: place for place, text in enumerate(classes)}
    return np.array([places.get(text, -1) for text in key_text(column).to_pylist()], dtype=np.int64)


def probability_rows(column: pa.ChunkedArray, classes: int) -> NDArray[np.float64]:
    """A column of lists as an array, shape (rows, classes); NaN where a row has none."""
    found = np.full((len(column), classes), np.nan)
    for place, row in enumerate(column.to_pylist()):
        if row is not None and len(row) == classes:
            found[place] = row
    return found


def present(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which rows have a value; NaN is none."""
    valid = np.asarray(pc.is_valid(column), dtype=np.bool_)
    if pa.types.is_floating(column.type):
        valid &= ~np.isnan(np.asarray(pc.fill_null(column, float("nan")), dtype=np.float64))
    return valid

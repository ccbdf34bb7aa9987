"""Fits encodings on Arrow tables and applies them there: the same bits as `tabular.encode`, by column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.model import FeatureEncoding
from mlctl.domain.spec import FeatureSpec
from mlctl.domain.values import text_of
from mlctl.tabular.encode import Encoder, Matrix, compiled
from mlctl.tabular.schema import require_columns, type_name

MAX_CATEGORIES = 200
"""Kept of a column with more: the most frequent. HistGradientBoosting takes 255, missing included."""

HASH_WIDTH = 256
"""Columns that hashed words are counted in."""

_MIN_WORDS = 3.0
_DATE_PARTS = ("month", "day", "weekday", "day_number")
_TIME_PARTS = ("month", "day", "weekday", "hour", "day_number")
_NATURAL = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
}


def fit_encodings(
    table: pa.Table,
    features: Sequence[tuple[str, FeatureSpec | None]],
    *,
    allow_nan: bool,
    native_categories: bool,
    scale: bool,
    weights: Matrix | None = None,
) -> tuple[FeatureEncoding, ...]:
    """The encodings of these columns, fitted on a table.

    Args:
        table: the rows to learn from.
        features: columns in the order of the matrix, each with what the spec says of it.
        allow_nan: the estimator takes NaN, so missing numbers stay missing; otherwise they become the median.
        native_categories: the estimator takes category codes; otherwise categories become one column each.
        scale: the estimator wants standardised numbers.
        weights: of the rows, in medians, means and deviations; None for equal ones.

    Raises:
        ColumnMissing: the table lacks one of the columns.
    """
    require_columns(table, [name for name, _ in features], "the table")
    fit = _Fit(allow_nan=allow_nan, native_categories=native_categories, scale=scale, weights=weights)
    return tuple(fit.encoding(table.column(name), name, spec or FeatureSpec()) for name, spec in features)


def matrix_from_table(encoder: Encoder, table: pa.Table) -> Matrix:
    """The matrix of a table's rows, shape (rows, width); bit for bit what `Encoder.matrix` gives.

    Raises:
        ColumnMissing: the table lacks a column that an encoding needs.
    """
    require_columns(table, encoder.columns, "the table")
    result = np.empty((table.num_rows, encoder.width), dtype=np.float64)
    for start, encoding in zip(encoder.starts, encoder.encodings, strict=False):
        result[:, start : start + encoding.width] = _outputs(_whole(table.column(encoding.column)), encoding)
    return result


def feature_type(column: pa.ChunkedArray) -> str:
    """How a column is treated where the spec says nothing: number, boolean, category, datetime or text.

    Text with more than `MAX_CATEGORIES` different values of three words or more on average is "text".
    """
    natural = _NATURAL.get(type_name(column.type))
    if natural is not None:
        return natural
    if pc.count_distinct(column, mode="only_valid").as_py() <= MAX_CATEGORIES:
        return "category"
    words = pc.mean(
        pc.add(pc.count_substring_regex(pc.utf8_trim_whitespace(column.cast(pa.string())), r"\s+"), 1)
    ).as_py()
    return "text" if words is not None and words >= _MIN_WORDS else "category"


class _Fit:
    """What the estimator takes, applied column by column."""

    def __init__(
        self, *, allow_nan: bool, native_categories: bool, scale: bool, weights: Matrix | None
    ) -> None:
        self.allow_nan = allow_nan
        self.native_categories = native_categories
        self.scale = scale
        self.weights = weights

    def weights_of(self, rows: Matrix) -> Matrix | None:
        """The weights of some rows; None where all are equal, or none of these weighs anything."""
        if self.weights is None or not self.weights[rows].sum() > 0:
            return None
        return np.asarray(self.weights[rows])

    def encoding(self, column: pa.ChunkedArray, name: str, spec: FeatureSpec) -> FeatureEncoding:
        type_ = spec.type or _type_for(spec.treatment) or feature_type(column)
        treatment = spec.treatment or self.treatment(type_)
        if treatment in {"ordinal", "onehot"}:
            return self.category(column, name, treatment)
        if treatment == "calendar":
            return self.calendar(column, name, spec)
        if treatment == "hash":
            return FeatureEncoding(column=name, type="text", treatment="hash", width=HASH_WIDTH)
        return self.number(column, name, type_, treatment)

    def treatment(self, type_: str) -> str:
        if type_ == "category":
            return "ordinal" if self.native_categories else "onehot"
        if type_ == "datetime":
            return "calendar"
        if type_ == "text":
            return "hash"
        if self.scale and type_ == "number":
            return "scale"
        return "pass" if self.allow_nan else "impute"

    def number(self, column: pa.ChunkedArray, name: str, type_: str, treatment: str) -> FeatureEncoding:
        type_ = "boolean" if type_ == "boolean" else "number"
        raw = FeatureEncoding(column=name, type=type_, treatment="pass")
        if treatment == "pass":
            return raw
        values = _outputs(_whole(column), raw)[:, 0]
        known = np.isfinite(values)
        finite, weights = values[known], self.weights_of(known)
        fill = _median(finite, weights) if len(finite) else 0.0
        if treatment == "impute":
            return FeatureEncoding(column=name, type=type_, treatment="impute", fill=fill)
        filled = np.where(np.isnan(values), fill, values)
        finite = np.isfinite(filled)
        mean, spread = _centre(filled[finite], self.weights_of(finite))
        return FeatureEncoding(column=name, type=type_, treatment="scale", fill=fill, mean=mean, scale=spread)

    def category(self, column: pa.ChunkedArray, name: str, treatment: str) -> FeatureEncoding:
        categories = categories_of(column)
        if treatment == "ordinal":
            fill = None if self.allow_nan else -1.0
            return FeatureEncoding(
                column=name, type="category", treatment="ordinal", categories=categories, fill=fill
            )
        return FeatureEncoding(
            column=name,
            type="category",
            treatment="onehot",
            categories=categories,
            unseen="zero",
            width=len(categories),
        )

    def calendar(self, column: pa.ChunkedArray, name: str, spec: FeatureSpec) -> FeatureEncoding:
        parts = tuple(spec.parts) if spec.parts else _DATE_PARTS if _is_date(column) else _TIME_PARTS
        raw = FeatureEncoding(
            column=name, type="datetime", treatment="calendar", parts=parts, width=len(parts)
        )
        if self.allow_nan and not self.scale:
            return raw
        values = _outputs(_whole(column), raw)
        known = ~np.isnan(values[:, 0])
        present, weights = values[known], self.weights_of(known)
        if not len(present):
            present = np.zeros((1, len(parts)))
        means = np.average(present, axis=0, weights=weights)
        spreads = np.ones(len(parts))
        if self.scale and weights is None:
            spreads = present.std(axis=0)
        elif self.scale:
            spreads = np.sqrt(np.average((present - means) ** 2, axis=0, weights=weights))
        spreads = np.where(spreads > 0, spreads, 1.0)
        return FeatureEncoding(
            column=name,
            type="datetime",
            treatment="calendar",
            parts=parts,
            part_means=tuple(means.tolist()),
            part_scales=tuple(spreads.tolist()),
            width=len(parts),
        )


def _median(values: Matrix, weights: Matrix | None) -> float:
    """Of rows that stand there as often as their weights say: the mean of the two in the middle."""
    if weights is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    half = running[-1] / 2
    low, high = np.argmax(running >= half), np.argmax(running > half)
    return float((values[order][low] + values[order][high]) / 2)


def _centre(values: Matrix, weights: Matrix | None) -> tuple[float, float]:
    """Mean and standard deviation; 0 and 1 where these are not finite, or the values are all one."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = (float(np.mean(values)), float(np.std(values))) if len(values) else (0.0, 1.0)
        if weights is not None:
            mean = float(np.average(values, weights=weights))
            spread = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    return mean if np.isfinite(mean) else 0.0, spread if np.isfinite(spread) and spread > 0 else 1.0


def categories_of(column: pa.ChunkedArray) -> tuple[str, ...]:
    """The categories to keep, as text: all, or the most frequent ones; numbers in order, then text."""
    counts = pc.value_counts(_whole(column))
    totals: dict[str, int] = {}
    for entry in counts:
        text = text_of(entry["values"].as_py())
        if text is not None:
            totals[text] = totals.get(text, 0) + entry["counts"].as_py()
    kept = sorted(totals, key=lambda text: (-totals[text], text))[:MAX_CATEGORIES]
    return tuple(sorted(kept, key=_natural_order))


def _natural_order(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _type_for(treatment: str | None) -> str | None:
    if treatment is None or treatment in {"pass", "impute"}:
        return None
    return {
        "scale": "number",
        "ordinal": "category",
        "onehot": "category",
        "calendar": "datetime",
        "hash": "text",
    }[treatment]


def _is_date(column: pa.ChunkedArray) -> bool:
    if pa.types.is_string(column.type):
        return not pc.any(pc.greater(pc.utf8_length(column), len("2012-01-01"))).as_py()
    return bool(pa.types.is_date(column.type))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one plain array."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if isinstance(column, pa.Array):
        return column
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _outputs(array: pa.Array, encoding: FeatureEncoding) -> np.ndarray[Any, Any]:
    """Shape (rows, width)."""
    if encoding.type in {"number", "boolean"} and _is_numeric(array.type):
        return _numbers(array, encoding).reshape(-1, 1)
    return _by_distinct(array, encoding)


def _numbers(array: pa.Array, encoding: FeatureEncoding) -> np.ndarray[Any, Any]:
    numbers = array.cast(pa.float64(), safe=False)
    values = np.array(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)
    values[np.isnan(values)] = float("nan") if encoding.fill is None else encoding.fill  # one NaN of the many
    if encoding.treatment == "scale":
        values = (values - encoding.mean) / encoding.scale
    return values


def _by_distinct(array: pa.Array, encoding: FeatureEncoding) -> np.ndarray[Any, Any]:
    """Each different value through the same function that serves, spread over the rows."""
    put = compiled(encoding)
    coded = (
        array.dictionary_encode()
        if not pa.types.is_null(array.type)
        else pa.array([], pa.string()).dictionary_encode()
    )
    outputs = [put(value) for value in coded.dictionary.to_pylist()]
    outputs.append(put(None))
    if pa.types.is_null(array.type):
        indices = np.zeros(len(array), dtype=np.int64)
    else:
        indices = np.asarray(pc.fill_null(coded.indices, len(outputs) - 1).to_numpy(zero_copy_only=False))
    return np.array(outputs, dtype=np.float64).reshape(len(outputs), encoding.width)[indices]


def _is_numeric(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_boolean(type_))

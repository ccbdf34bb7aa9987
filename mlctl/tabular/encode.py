"""Applies fitted encodings: columns of values to the float64 matrix that an estimator sees.

The serving path: plain Python lists in, no pyarrow, a few microseconds a row. `tabular.encode_table` gives
the same bits from Arrow tables. NaN and None are missing; cells are read by `domain.values`.
"""

import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlctl.domain.errors import ColumnMissing
from mlctl.domain.model import FeatureEncoding
from mlctl.domain.values import calendar_of, flag_of, number_of, text_of

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Put = Callable[[Any], list[float]]
"""One value to its outputs."""

_TOKEN = re.compile(r"\w+")


class Encoder:
    """A model's encodings, compiled.

    Attributes:
        encodings: in the order of the matrix.
        columns: names of the input columns, in the same order.
        width: columns of the matrix.
        categorical: indices of the matrix columns that hold category codes (ordinal).
    """

    def __init__(self, encodings: Sequence[FeatureEncoding]) -> None:
        self.encodings = tuple(encodings)
        self.columns = tuple(encoding.column for encoding in self.encodings)
        self.width = sum(encoding.width for encoding in self.encodings)
        starts = np.cumsum([0, *(encoding.width for encoding in self.encodings)]).tolist()
        self.starts: tuple[int, ...] = tuple(starts)
        self.categorical = tuple(
            start for start, e in zip(starts, self.encodings, strict=False) if e.treatment == "ordinal"
        )
        self._singles = tuple((e.column, compiled(e)) for e in self.encodings)

    def matrix(self, columns: Mapping[str, Sequence[Any]]) -> Matrix:
        """The matrix of some rows, shape (rows, width), from one sequence of values a column.

        Raises:
            ColumnMissing: a column that an encoding needs is not there.
        """
        try:
            picked = [(columns[name], put) for name, put in self._singles]
        except KeyError as error:
            raise ColumnMissing(
                f"the rows have no column {error.args[0]!r}, which the model needs", column=error.args[0]
            ) from None
        rows = len(picked[0][0]) if picked else 0
        if rows == 1:
            single: list[float] = []
            for values, put in picked:
                single += put(values[0])
            return np.array([single], dtype=np.float64)
        result = np.empty((rows, self.width), dtype=np.float64)
        for start, encoding, (values, put) in zip(self.starts, self.encodings, picked, strict=False):
            result[:, start : start + encoding.width] = np.array([put(value) for value in values]).reshape(
                rows, -1
            )
        return result


def compiled(encoding: FeatureEncoding) -> Put:
    """The function that turns one value of the column into its outputs, a list of `width` floats."""
    if encoding.treatment in {"ordinal", "onehot"}:
        return _category(encoding)
    if encoding.treatment == "calendar":
        return _calendar(encoding)
    if encoding.treatment == "hash":
        return lambda value: hashed(value, encoding.width)
    return _number(encoding)


def hashed(value: Any, width: int) -> list[float]:
    """Counts of a text's words, each (lower case, letters and digits) at crc32(word) modulo width."""
    counts = [0.0] * width
    text = text_of(value)
    if text is not None:
        for token in _TOKEN.findall(text.lower()):
            counts[zlib.crc32(token.encode(errors="replace")) % width] += 1.0
    return counts


def _number(encoding: FeatureEncoding) -> Put:
    read = flag_of if encoding.type == "boolean" else number_of
    fill = math.nan if encoding.fill is None else encoding.fill
    mean, scale = encoding.mean, encoding.scale
    plain = encoding.treatment != "scale"

    def put(value: Any) -> list[float]:
        number = value if type(value) is float else read(value)
        if number != number:  # noqa: PLR0124 - the fastest test for NaN, and this runs for every cell served
            number = fill
        return [number] if plain else [(number - mean) / scale]

    return put


def _category(encoding: FeatureEncoding) -> Put:
    codes = {category: code for code, category in enumerate(encoding.categories)}
    if encoding.treatment == "ordinal":
        absent = [math.nan if encoding.fill is None else encoding.fill]
        outputs = {category: [float(code)] for category, code in codes.items()}
    else:
        absent = [0.0] * encoding.width
        outputs = {c: [float(i == code) for i in range(encoding.width)] for c, code in codes.items()}

    def put(value: Any) -> list[float]:
        return outputs.get(value if type(value) is str else text_of(value), absent)  # type: ignore[arg-type] # None is no key

    return put


def _calendar(encoding: FeatureEncoding) -> Put:
    parts, means, scales = encoding.parts, encoding.part_means, encoding.part_scales

    def put(value: Any) -> list[float]:
        numbers = calendar_of(value, parts)
        if not means:
            return numbers
        return [
            0.0 if math.isnan(number) else (number - mean) / scale
            for number, mean, scale in zip(numbers, means, scales, strict=True)
        ]

    return put

"""Types of text columns: decided over the whole column, so that a file's parts cannot disagree.

boolean: true/false in any case · integer: no leading zeros, fits 64 bits · number · date: 2012-01-31 ·
datetime: ISO with time, zones converted to UTC · string: everything else, such as postcodes with leading
zeros and whole numbers too long for 64 bits.
"""

import pyarrow as pa
import pyarrow.compute as pc

from mlctl.tabular.schema import ARROW

TYPES = ("integer", "number", "boolean", "date", "datetime")
_LEADING_ZERO = r"^[+-]?0[0-9xX]"
_LONG = r"^[+-]?[0-9]{17,}$"
_DIGIT = r"^[+-]?\.?[0-9]"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"


def typed(column: pa.ChunkedArray, decimal: str = ".") -> pa.ChunkedArray:
    """A text column in the first of `TYPES` that all its values have; text if none, or if all are missing."""
    first = _first_present(column)
    if first is None:
        return column
    for type_ in _candidates(first, decimal):
        done = cast(column, type_, decimal)
        if done is not None and (type_ in {"boolean", "date", "datetime"} or not _is_label(column, type_)):
            return done
    return column


def cast(  # noqa: PLR0911 - one line a type
    column: pa.ChunkedArray, type_: str, decimal: str = "."
) -> pa.ChunkedArray | None:
    """A text column as one of mlctl's types; None where a value does not have it."""
    if type_ == "string":
        return column
    try:
        if type_ == "boolean":
            return _booleans(column)
        if type_ == "datetime":
            return _datetimes(column)
        if type_ == "date" and not _all(pc.match_substring_regex(column, _DATE)):
            return None
        if type_ == "number" and decimal != ".":
            if pc.any(pc.match_substring(column, ".")).as_py():
                return None
            column = pc.replace_substring(column, decimal, ".")
        return column.cast(ARROW[type_])
    except pa.ArrowInvalid:
        return None


def first_misfit(column: pa.ChunkedArray, type_: str, decimal: str = ".") -> tuple[int, str]:
    """The 0-based row and text of the first value that does not have the type; (-1, "") where all have it."""
    start, values = 0, column
    if cast(values, type_, decimal) is not None:
        return -1, ""
    while len(values) > 1:
        half = len(values) // 2
        if cast(values.slice(0, half), type_, decimal) is None:
            values = values.slice(0, half)
        else:
            values, start = values.slice(half), start + half
    return start, str(values[0].as_py())


def _candidates(text: str, decimal: str) -> tuple[str, ...]:
    """The types that a first value allows."""
    if text.lower() in {"true", "false"}:
        return ("boolean",)
    if text[:1].isdigit() and text[4:5] == "-" and text[7:8] == "-":
        return ("date", "datetime")
    if text[:1] in "+-.0123456789" or text[:1] == decimal or text.lower() in {"nan", "inf", "infinity"}:
        return ("integer", "number")
    return ()


def _is_label(column: pa.ChunkedArray, type_: str) -> bool:
    """Whether digits are a name and no amount: leading zeros, or more digits than a float keeps."""
    if pc.any(pc.match_substring_regex(column, _LEADING_ZERO)).as_py():
        return True
    if type_ == "integer":
        return False
    return bool(pc.any(pc.match_substring_regex(column, _LONG)).as_py()) or not bool(
        pc.any(pc.match_substring_regex(column, _DIGIT)).as_py()
    )


def _booleans(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    lower = pc.utf8_lower(column)
    if not _all(pc.is_in(lower, value_set=pa.array(["true", "false", None]))):
        return None
    return pc.equal(lower, "true")


def _datetimes(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if not _all(pc.match_substring_regex(column, _TIME)):
        return None
    try:
        moments = column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        moments = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return pc.floor_temporal(moments, unit="millisecond").cast(pa.timestamp("ms"))


def _all(flags: pa.ChunkedArray) -> bool:
    """Whether all present values are flagged."""
    return pc.all(flags).as_py() is not False


def _first_present(column: pa.ChunkedArray) -> str | None:
    for chunk in column.chunks:
        if chunk.null_count < len(chunk):
            return str(pc.drop_null(chunk)[0].as_py())
    return None

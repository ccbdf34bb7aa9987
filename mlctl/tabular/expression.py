"""Evaluates expressions over Arrow tables with SQL's three-valued logic; an unknown row is not selected."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import UsageError
from mlctl.domain.expression import (
    Between,
    Binary,
    Call,
    In,
    IsNull,
    Literal,
    Name,
    Node,
    Unary,
    names_of,
    parse,
)
from mlctl.domain.expression_tokens import ExpressionError
from mlctl.tabular.schema import column_missing

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": pc.add, "-": pc.subtract, "*": pc.multiply}
_CALENDAR: dict[str, Callable[[Any], Any]] = {
    "year": pc.year,
    "month": pc.month,
    "day": pc.day,
    "weekday": pc.day_of_week,
    "hour": pc.hour,
}
_TEXT: dict[str, Callable[[Any], Any]] = {
    "lower": pc.utf8_lower,
    "upper": pc.utf8_upper,
    "length": pc.utf8_length,
}


def mask(table: pa.Table, text: str, source: str = "the table") -> np.ndarray[Any, Any]:
    """Which rows an expression selects: shape (rows,), bool; unknown counts as not selected.

    Raises:
        UsageError: the text is no expression, or compares what cannot be; with the column and a caret.
        ColumnMissing: it names a column that the table lacks.
    """
    try:
        return selected(table, parse(text), text, source)
    except ExpressionError as error:
        raise UsageError(
            str(error), "mlctl spec explain", expression=text, position=error.position
        ) from error


def selected(table: pa.Table, node: Node, text: str, source: str = "the table") -> np.ndarray[Any, Any]:
    """Like `mask`, of a parsed expression.

    Raises:
        ExpressionError: types that do not fit each other.
        ColumnMissing: it names a column that the table lacks.
    """
    values = evaluate(table, node, text, source)
    return np.asarray(pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False)).astype(bool)


def evaluate(table: pa.Table, node: Node, text: str, source: str = "the table") -> pa.Array:
    """The truth of each row: a boolean Arrow array with nulls for unknown.

    Raises:
        ExpressionError: types that do not fit each other.
        ColumnMissing: it names a column that the table lacks.
    """
    for name in names_of(node):
        if name.name not in table.column_names:
            raise column_missing(name.name, table.column_names, source)
    value = _Evaluation(table, text).of(node)
    if isinstance(value, pa.Scalar):
        value = pa.array([value.as_py()] * table.num_rows, pa.bool_() if value.as_py() is None else None)
    if pa.types.is_null(value.type):
        value = value.cast(pa.bool_())
    if not pa.types.is_boolean(value.type):
        raise ExpressionError("this is a value, not a condition; compare it with something", text, node.at)
    return value


class _Evaluation:
    """One expression over one table; a value is an Arrow array or a scalar."""

    def __init__(self, table: pa.Table, text: str) -> None:
        self.table = table
        self.text = text

    def of(self, node: Node) -> Any:  # noqa: PLR0911 - one line a kind of node
        if isinstance(node, Name):
            return self.column(node.name)
        if isinstance(node, Literal):
            return pa.scalar(node.value)
        if isinstance(node, Unary):
            return self.unary(node)
        if isinstance(node, Binary):
            return self.binary(node)
        if isinstance(node, In):
            return self.any_of(node)
        if isinstance(node, Between):
            value = self.of(node.operand)
            low = self.compared(">=", value, self.of(node.low), node.at)
            return pc.and_kleene(low, self.compared("<=", value, self.of(node.high), node.at))
        if isinstance(node, IsNull):
            return pc.is_null(self.of(node.operand), nan_is_null=True)
        return self.call(node)

    def column(self, name: str) -> Any:
        column = self.table.column(name).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_large_string(column.type):
            column = column.cast(pa.string())
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return column

    def unary(self, node: Unary) -> Any:
        value = self.of(node.operand)
        return (
            pc.invert(self.truth(value, node))
            if node.operator == "not"
            else pc.negate(self.number(value, node))
        )

    def binary(self, node: Binary) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in {"and", "or"}:
            join = pc.and_kleene if node.operator == "and" else pc.or_kleene
            return join(self.truth(left, node.left), self.truth(right, node.right))
        if node.operator == "like":
            if not _is_text(left):
                raise ExpressionError(f"like compares text, not {_kind(left)}", self.text, node.at)
            return pc.match_like(left, right.as_py())
        if node.operator in _COMPARE:
            return self.compared(node.operator, left, right, node.at)
        return self.arithmetic(node, self.number(left, node), self.number(right, node))

    def arithmetic(self, node: Binary, left: Any, right: Any) -> Any:
        if node.operator in _ARITHMETIC:
            return _ARITHMETIC[node.operator](left, right)
        left, right = _float(left), _float(right)
        right = pc.if_else(pc.equal(right, 0.0), pa.scalar(None, pa.float64()), right)
        quotient = pc.divide(left, right)
        if node.operator == "/":
            return quotient
        return pc.subtract(left, pc.multiply(pc.trunc(quotient), right))

    def compared(self, operator: str, left: Any, right: Any, at: int) -> Any:
        if pa.types.is_null(left.type) or pa.types.is_null(right.type):
            return pa.scalar(None, pa.bool_())
        left, right = self.aligned(left, right, at)
        return _COMPARE[operator](left, right)

    def aligned(self, left: Any, right: Any, at: int) -> tuple[Any, Any]:
        """Both sides in one type: a text beside a date is read as a time."""
        if _is_time(left) and _is_text(right):
            return _moment(left), self.as_time(right, at)
        if _is_text(left) and _is_time(right):
            return self.as_time(left, at), _moment(right)
        if _is_time(left) and _is_time(right):
            return _moment(left), _moment(right)
        if _is_number(left) and _is_number(right):
            return left, right
        if _kind(left) != _kind(right):
            raise ExpressionError(f"{_kind(left)} is compared with {_kind(right)}", self.text, at)
        return left, right

    def as_time(self, value: Any, at: int) -> Any:
        try:
            return value.cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
        try:
            return value.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            shown = repr(value.as_py()) if isinstance(value, pa.Scalar) else "a text column"
            raise ExpressionError(f"{shown} is not an ISO date or time", self.text, at) from error

    def any_of(self, node: In) -> Any:
        value = self.of(node.operand)
        result = None
        for option in node.options:
            equal = self.compared("=", value, self.of(option), option.at)
            result = equal if result is None else pc.or_kleene(result, equal)
        return result

    def call(self, node: Call) -> Any:
        values = [self.of(argument) for argument in node.arguments]
        if node.function in _CALENDAR:
            first = self.as_time(values[0], node.at) if _is_text(values[0]) else values[0]
            if not _is_time(first):
                raise ExpressionError(
                    f"{node.function} needs a date or time, not {_kind(first)}", self.text, node.at
                )
            return _CALENDAR[node.function](_moment(first))
        if node.function in _TEXT:
            if not _is_text(values[0]):
                raise ExpressionError(
                    f"{node.function} needs text, not {_kind(values[0])}", self.text, node.at
                )
            return _TEXT[node.function](values[0])
        if node.function == "coalesce":
            return pc.coalesce(*values)
        first = self.number(values[0], node)
        if node.function == "abs":
            return pc.abs(first)
        digits = values[1].as_py() if len(values) > 1 and isinstance(values[1], pa.Scalar) else 0
        return pc.round(_float(first), ndigits=int(digits))

    def truth(self, value: Any, node: Node) -> Any:
        if pa.types.is_null(value.type):
            return value.cast(pa.bool_())
        if not pa.types.is_boolean(value.type):
            raise ExpressionError(f"{_kind(value)} is neither true nor false; compare it", self.text, node.at)
        return value

    def number(self, value: Any, node: Node) -> Any:
        if not (_is_number(value) or pa.types.is_null(value.type)):
            raise ExpressionError(f"a number is needed here, not {_kind(value)}", self.text, node.at)
        return value


def _is_number(value: Any) -> bool:
    return bool(pa.types.is_integer(value.type) or pa.types.is_floating(value.type))


def _is_text(value: Any) -> bool:
    return bool(pa.types.is_string(value.type))


def _is_time(value: Any) -> bool:
    return bool(pa.types.is_date(value.type) or pa.types.is_timestamp(value.type))


def _kind(value: Any) -> str:
    if _is_number(value):
        return "a number"
    if _is_text(value):
        return "text"
    if _is_time(value):
        return "a date or time"
    return "a truth value" if pa.types.is_boolean(value.type) else str(value.type)


def _moment(value: Any) -> Any:
    if pa.types.is_timestamp(value.type) and value.type.tz is not None:
        value = value.cast(pa.timestamp("us", "UTC"))
    return value.cast(pa.timestamp("us"))


def _float(value: Any) -> Any:
    return value.cast(pa.float64())

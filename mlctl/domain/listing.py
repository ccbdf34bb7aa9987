"""Which records of a list are wanted and in which order: `domain.expression` over plain values.

For lists of runs, which need no table engine: names are fields ("status", "mae", "params.max_iter"); what a
record lacks is missing, and a condition on something missing holds for no record.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from mlctl.domain.expression import Between, Binary, Call, In, IsNull, Literal, Name, Node, Unary

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
_CALL: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "round": round,
    "lower": lambda value: str(value).lower(),
    "upper": lambda value: str(value).upper(),
    "length": lambda value: len(str(value)),
}


def holds(node: Node, values: Mapping[str, Any]) -> bool:
    """Whether the condition is true of the values; unknown is not true."""
    return value_of(node, values) is True


def value_of(node: Node, values: Mapping[str, Any]) -> Any:  # noqa: PLR0911 (one line a kind of node)
    """The value of a tree over plain values; None for missing or unknown."""
    match node:
        case Literal():
            return node.value
        case Name():
            return values.get(node.name)
        case Unary():
            inner = value_of(node.operand, values)
            return None if inner is None else (not inner) if node.operator == "not" else -inner
        case Binary():
            return _binary(node, values)
        case In():
            options = tuple(_eq(node.operand, option, values) for option in node.options)
            return True if True in options else None if None in options else False
        case Between():
            inner, low, high = (value_of(part, values) for part in (node.operand, node.low, node.high))
            return _and(_applied(operator.ge, inner, low), _applied(operator.le, inner, high))
        case IsNull():
            return value_of(node.operand, values) is None
        case Call():
            return _called(node, values)


def sort_key(values: Mapping[str, Any], name: str) -> tuple[bool, bool, Any]:
    """A key that sorts numbers before text and what is missing last."""
    value = values.get(name)
    is_text = not isinstance(value, (int, float))
    return value is None, is_text, str(value) if is_text else value


def _binary(node: Binary, values: Mapping[str, Any]) -> Any:
    if node.operator in {"and", "or"}:
        left, right = value_of(node.left, values), value_of(node.right, values)
        return _and(left, right) if node.operator == "and" else _or(left, right)
    left, right = value_of(node.left, values), value_of(node.right, values)
    if node.operator == "like":
        return None if left is None or right is None else _like(str(left), str(right))
    return _applied(_COMPARE.get(node.operator) or _COMPUTE[node.operator], left, right)


def _applied(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    try:
        return function(left, right)
    except (TypeError, ZeroDivisionError):
        return None


def _eq(left: Node, right: Node, values: Mapping[str, Any]) -> Any:
    return _applied(operator.eq, value_of(left, values), value_of(right, values))


def _and(left: Any, right: Any) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else bool(left and right)


def _or(left: Any, right: Any) -> bool | None:
    if left is True or right is True:
        return True
    return None if left is None or right is None else bool(left or right)


def _like(text: str, pattern: str) -> bool:
    parts = ["." if part == "_" else ".*" if part == "%" else re.escape(part) for part in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _called(node: Call, values: Mapping[str, Any]) -> Any:
    arguments = [value_of(argument, values) for argument in node.arguments]
    if node.function == "coalesce":
        return next((argument for argument in arguments if argument is not None), None)
    if any(argument is None for argument in arguments) or node.function not in _CALL:
        return None
    return _CALL[node.function](*arguments)

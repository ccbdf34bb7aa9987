"""Conditions over runs as SQL, for the forms in which SQL means the same as `domain.listing`.

The others (functions, arithmetic, `like`, names alone) are left to `domain.listing`. SQLite orders any number
before any text, where a condition is unknown; so comparisons ask for the type first.
"""

from collections.abc import Callable
from typing import Any

from mlctl.domain.expression import Between, Binary, In, IsNull, Literal, Name, Node, Unary

Column = Callable[[str], str | None]
"""From a name to its column, quoted; None where its values cannot be compared in SQL."""

_ORDER = {"<", "<=", ">", ">="}
_EQUAL = {"=", "!="}


class _Beyond(Exception):
    """SQL does not mean the same."""


def sql_of(node: Node, column: Column) -> tuple[str, list[Any]] | None:
    """The condition and its parameters; None where it is to be asked in Python."""
    values: list[Any] = []
    try:
        return _condition(node, column, values), values
    except _Beyond:
        return None


def _condition(node: Node, column: Column, values: list[Any]) -> str:
    match node:
        case Unary(operator="not"):
            return f"(not {_condition(node.operand, column, values)})"
        case Binary(operator="and" | "or"):
            left = _condition(node.left, column, values)
            return f"({left} {node.operator} {_condition(node.right, column, values)})"
        case Binary():
            return _compared(node.operator, node.left, node.right, column, values)
        case Between():
            low = _compared(">=", node.operand, node.low, column, values)
            return f"({low} and {_compared('<=', node.operand, node.high, column, values)})"
        case In():
            options = [_compared("=", node.operand, one, column, values) for one in node.options]
            return f"({' or '.join(options)})"
        case IsNull(operand=Name() as named):
            return f"({_named(named, column)} is null)"
        case _:
            raise _Beyond


def _compared(operator: str, left: Node, right: Node, column: Column, values: list[Any]) -> str:
    if not isinstance(left, Name) or not isinstance(right, (Literal, Unary)):
        raise _Beyond
    name, value = _named(left, column), _number_or_text(right)
    values.append(value)
    if operator in _EQUAL:
        return f"({name} {operator} ?)"
    if operator not in _ORDER:
        raise _Beyond
    kinds = "('text')" if isinstance(value, str) else "('integer', 'real')"
    return f"(case when typeof({name}) in {kinds} then {name} {operator} ? end)"


def _named(node: Name, column: Column) -> str:
    found = column(node.name)
    if found is None:
        raise _Beyond
    return found


def _number_or_text(node: Node) -> float | int | str:
    if isinstance(node, Unary) and node.operator == "-" and isinstance(node.operand, Literal):
        inner = node.operand.value
        if isinstance(inner, (int, float)) and not isinstance(inner, bool):
            return _small(-inner)
        raise _Beyond
    if not isinstance(node, Literal) or node.value is None:
        raise _Beyond
    return node.value if isinstance(node.value, str) else _small(node.value)


def _small(value: float) -> float | int:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _Beyond
    return value

"""The grammar of expressions."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.expression import (
    Between,
    Binary,
    Call,
    In,
    IsNull,
    Literal,
    Name,
    Unary,
    literal,
    names_of,
    parse,
    quoted,
)
from mlctl.domain.expression_tokens import ExpressionError


def test_and_binds_tighter_than_or_and_not_tighter_than_and() -> None:
    tree = parse("a = 1 or not b = 2 and c = 3")
    assert isinstance(tree, Binary)
    assert tree.operator == "or"
    assert isinstance(tree.right, Binary)
    assert tree.right.operator == "and"
    assert isinstance(tree.right.left, Unary)


def test_products_bind_tighter_than_sums_and_sums_than_comparisons() -> None:
    tree = parse("a + b * 2 > -3")
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Binary)
    assert tree.left.operator == "+"
    assert isinstance(tree.right, Literal)
    assert tree.right.value == -3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a in (1, 2)", In),
        ("a not in (1, 2)", Unary),
        ("a between 1 and 2", Between),
        ("a is null", IsNull),
        ("a is not null", Unary),
        ("a like 'x%'", Binary),
        ("NOT A", Unary),
        ("flag", Name),
        ("true", Literal),
        ("hour(t) = 3", Binary),
    ],
)
def test_the_forms(text: str, kind: type) -> None:
    assert isinstance(parse(text), kind)


def test_quotes_are_doubled_inside_quotes() -> None:
    tree = parse('"a ""b""" = \'it\'\'s\'')
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Name)
    assert isinstance(tree.right, Literal)
    assert (tree.left.name, tree.right.value) == ('a "b"', "it's")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "found the end"),
        ("hr <", 5, "found the end"),
        ("hr < 6 orr hr > 22", 8, "unexpected 'orr'"),
        ("hr << 6", 5, "found '<'"),
        ("a = 'x", 5, "closing quote"),
        ('"a = 1', 1, "closing quote"),
        ("a = 1 and (b = 2", 17, "expected ')'"),
        ("a = 1)", 6, "unexpected ')'"),
        ("1 < a < 3", 7, "do not chain"),
        ("abz(a) = 1", 1, "did you mean 'abs'"),
        ("abs(a, b) = 1", 1, "takes 1"),
        ("a + 1", 3, "not a condition"),
        ("a in ()", 7, "expected a column"),
        ("a ; b", 3, "begins nothing"),
        ("2a = 1", 1, "double quotes"),
        ("a like b", 8, "needs a text"),
        ("a not 3", 7, "expected in, between or like"),
        ("__import__('os') = 1", 1, "unknown function"),
        ("a.b() = 1", 1, "unknown function"),
        ("() = 1", 2, "expected a column"),
    ],
)
def test_an_error_names_the_column(text: str, column: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.position + 1 == column
    assert says in caught.value.reason
    caret = str(caught.value).splitlines()[-1]
    assert caret.index("^") == 2 + caught.value.position


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(ExpressionError, match="deep"):
        parse("(" * 5000 + "a" + ")" * 5000)


def test_the_columns_are_named_once_in_order() -> None:
    tree = parse("b = 1 and abs(a - b) in (c, 2) and d between a and 3 and e is null")
    assert [name.name for name in names_of(tree)] == ["b", "a", "c", "d", "e"]


@given(st.text(min_size=1))
def test_any_name_and_any_text_survive_quoting(text: str) -> None:
    tree = parse(f"{quoted(text)} = {literal(text)}")
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Name)
    assert isinstance(tree.right, Literal)
    assert (tree.left.name, tree.right.value) == (text, text)


@given(st.text())
def test_any_text_parses_or_is_an_expression_error_and_nothing_else(text: str) -> None:
    with suppress(ExpressionError):
        parse(text)


def test_a_function_name_is_read_in_any_case() -> None:
    tree = parse("ABS(x) = 1")
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Call)
    assert tree.left.function == "abs"

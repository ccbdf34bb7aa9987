"""Checks of data, as text and as values. The forms stand at `parse_check`."""

import re
from typing import Literal as OneOf

import msgspec

from mlctl.domain.expression import (
    FUNCTIONS,
    Between,
    In,
    IsNull,
    Literal,
    Name,
    Node,
    Parser,
    Unary,
    is_condition,
    names_of,
)
from mlctl.domain.expression_tokens import ExpressionError

FORMS = ("not_null", "unique", "between", "in", "matches", "row_count")
_COMPARISONS = (">=", "<=", ">", "<", "=", "==", "!=", "<>")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check.

    Attributes:
        kind: "rows" (a condition every row must not break), "unique", "matches" or "row_count".
        columns: the columns it reads, in order of appearance.
        condition: of "rows"; of "row_count" over the name `row_count`.
        pattern: of "matches".
    """

    text: str
    kind: OneOf["rows", "unique", "matches", "row_count"]
    columns: tuple[Name, ...]
    condition: Node | None = None
    pattern: str = ""


def parse_check(text: str) -> Check:
    r"""The check that a text means.

        not_null(cnt)                 no missing values
        unique(instant)               no key twice; several columns together: unique(dteday, hr)
        between(hum, 0.01, 1)         both ends included
        in(season, 1, 2, 3, 4)        one of these
        matches(code, '[A-Z]{2}\d+')  the whole text matches a regular expression
        row_count(>= 1000)            of the table
        casual + registered = cnt     any condition of `domain.expression`

    Like SQL's CHECK, a row breaks a check only if it is false there; where a value is missing it is unknown,
    and `not_null` is the check for that.

    Raises:
        ExpressionError: naming the column where the text stops making sense.
    """
    parser = _CheckParser(text)
    token = parser.token
    form = token.value.lower()
    following = parser.following
    if (
        form in FORMS
        and token.kind in {"name", "keyword"}
        and (following.kind, following.value) == ("sign", "(")
    ):
        check = parser.form(form)
    else:
        node = parser.expression()
        if not is_condition(node):
            parser.fail("this is a value, not a condition; compare it with something", node.at)
        check = Check(text=text, kind="rows", columns=names_of(node), condition=node)
    parser.end()
    return check


class _CheckParser(Parser):
    """The forms that are not conditions."""

    known = (*FORMS, *FUNCTIONS)

    def form(self, form: str) -> Check:
        at = self.token.at
        self.accept(self.token.kind)
        self.expect("sign", "(")
        if form == "row_count":
            return self._row_count(at)
        first = self._column()
        if form in {"not_null", "unique"}:
            check = self._of_columns(form, first, at)
        elif form == "matches":
            self.expect("sign", ",")
            check = Check(text=self.text, kind="matches", columns=(first,), pattern=self._pattern())
        else:
            check = self._of_values(form, first, at)
        self.expect("sign", ")")
        return check

    def _column(self) -> Name:
        token = self.accept("name")
        if token is None:
            self.fail(f"expected a column, found {self.found()}")
        return Name(token.value, token.at)

    def _of_columns(self, form: str, first: Name, at: int) -> Check:
        columns = [first]
        while self.accept("sign", ","):
            columns.append(self._column())
        if form == "unique":
            return Check(text=self.text, kind="unique", columns=tuple(columns))
        if len(columns) > 1:
            self.fail("not_null takes one column; write one check for each", at)
        return Check(
            text=self.text, kind="rows", columns=(first,), condition=Unary("not", IsNull(first, at), at)
        )

    def _of_values(self, form: str, first: Name, at: int) -> Check:
        values: list[Node] = []
        while self.accept("sign", ","):
            values.append(self.value())
        if form == "between":
            if len(values) != len(("low", "high")):
                self.fail("between takes a column, a lowest and a highest value", at)
            condition: Node = Between(first, values[0], values[1], at)
        else:
            if not values:
                self.fail("in takes a column and its values", at)
            condition = In(first, tuple(values), at)
        return Check(text=self.text, kind="rows", columns=names_of(condition), condition=condition)

    def _pattern(self) -> str:
        token = self.accept("text")
        if token is None:
            self.fail(f"expected a regular expression in single quotes, found {self.found()}")
        try:
            re.compile(token.value)
        except re.error as error:
            raise ExpressionError(f"not a regular expression: {error}", self.text, token.at) from error
        return token.value

    def _row_count(self, at: int) -> Check:
        sign = self.accept("sign", *_COMPARISONS)
        if sign is None:
            self.fail("row_count takes a comparison such as >= 1000")
        number = self.value()
        if not isinstance(number, Literal):
            self.fail("row_count is compared with a number", at)
        self.expect("sign", ")")
        source = f"row_count {sign.value} {number.value}"
        condition = Parser(source).expression()
        return Check(text=self.text, kind="row_count", columns=(), condition=condition)

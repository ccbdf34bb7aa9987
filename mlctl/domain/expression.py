"""Expressions: a checked subset of SQL for slices, `train_where` and checks; never Python eval.

Text to a tree here; `tabular.expression` evaluates it. The grammar stands at `parse`.
"""

import re
from collections.abc import Iterator
from typing import ClassVar, NoReturn

import msgspec

from mlctl.domain.expression_tokens import KEYWORDS, ExpressionError, Token, tokens
from mlctl.domain.nearest import nearest

FUNCTIONS: dict[str, tuple[int, ...]] = {
    "abs": (1,),
    "round": (1, 2),
    "lower": (1,),
    "upper": (1,),
    "length": (1,),
    "year": (1,),
    "month": (1,),
    "day": (1,),
    "weekday": (1,),
    "hour": (1,),
    "coalesce": (2, 3, 4),
}
"""Functions and how many arguments they take; weekday is 0 for Monday."""

_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MAX_DEPTH = 100


class Name(msgspec.Struct, frozen=True, tag="name"):
    """A column."""

    name: str
    at: int = 0


class Literal(msgspec.Struct, frozen=True, tag="literal"):
    """A number, text, true, false or null."""

    value: float | int | str | bool | None
    at: int = 0


class Unary(msgspec.Struct, frozen=True, tag="unary"):
    """`not x` or `-x`."""

    operator: str
    operand: "Node"
    at: int = 0


class Binary(msgspec.Struct, frozen=True, tag="binary"):
    """and, or, = != < <= > >=, like, + - * / %."""

    operator: str
    left: "Node"
    right: "Node"
    at: int = 0


class In(msgspec.Struct, frozen=True, tag="in"):
    """`x in (a, b)`."""

    operand: "Node"
    options: tuple["Node", ...]
    at: int = 0


class Between(msgspec.Struct, frozen=True, tag="between"):
    """`x between low and high`, both ends included."""

    operand: "Node"
    low: "Node"
    high: "Node"
    at: int = 0


class IsNull(msgspec.Struct, frozen=True, tag="is_null"):
    """`x is null`."""

    operand: "Node"
    at: int = 0


class Call(msgspec.Struct, frozen=True, tag="call"):
    """A function of `FUNCTIONS`."""

    function: str
    arguments: tuple["Node", ...]
    at: int = 0


Node = Name | Literal | Unary | Binary | In | Between | IsNull | Call


def parse(text: str) -> Node:
    """The tree of a boolean expression.

        hr < 6 or hr > 22                          workingday = 0 and not (season in (1, 4))
        dteday < '2012-01-01'                      "hours-per-week" between 30 and 40
        temp is not null and abs(temp - 0.5) < .1  upper(city) like 'SAN %'

    Precedence, loosest first: or, and, not, comparison (in, between, like, is null), + -, * / %, unary minus.
    Text stands in single quotes ('' is a quote inside), names that are no plain words in double quotes.
    Keywords and function names are read in any case. A missing value makes a comparison unknown, and an
    unknown row is not selected.

    Raises:
        ExpressionError: naming the column where the text stops making sense.
    """
    parser = Parser(text)
    node = parser.expression()
    parser.end()
    if not is_condition(node):
        raise ExpressionError("this is a value, not a condition; compare it with something", text, node.at)
    return node


def is_condition(node: Node) -> bool:
    """Whether the expression is true or false by its form; a bare name may be a boolean column."""
    if isinstance(node, Literal):
        return isinstance(node.value, bool)
    if isinstance(node, Unary):
        return node.operator == "not"
    if isinstance(node, Binary):
        return node.operator in {"and", "or", "like", *_COMPARISONS.values()}
    return not isinstance(node, Call)


def names_of(node: Node) -> tuple[Name, ...]:
    """The columns that an expression names, in order of appearance, each once."""
    found: dict[str, Name] = {}
    for name in _names(node):
        found.setdefault(name.name, name)
    return tuple(found.values())


def quoted(name: str) -> str:
    """A column's name as it is written in an expression: in double quotes where it is no plain word."""
    if re.fullmatch(r"[^\W\d][\w.]*", name) and name.lower() not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: float | str | bool | None) -> str:
    """A value as it is written in an expression."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


class Parser:
    """Recursive descent over the tokens of one text; `domain/check.py` builds on it.

    Attributes:
        known: what may stand before a parenthesis, for messages.
    """

    known: ClassVar[tuple[str, ...]] = tuple(FUNCTIONS)

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = list(tokens(text))
        self._index = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._index]

    @property
    def following(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        """Raise at a token."""
        raise ExpressionError(reason, self.text, self.token.at if at is None else at)

    def accept(self, kind: str, *values: str) -> Token | None:
        """Take the next token if it is one of these."""
        token = self.token
        if token.kind == kind and (not values or token.value in values):
            self._index += 1
            return token
        return None

    def expect(self, kind: str, value: str) -> Token:
        """Take the next token, which must be this one."""
        return self.accept(kind, value) or self.fail(f"expected {value!r}, found {self.found()}")

    def found(self) -> str:
        """The next token, for a message."""
        return "the end" if self.token.kind == "end" else repr(self.token.value)

    def end(self) -> None:
        """Check that nothing is left."""
        if self.token.kind != "end":
            self.fail(f"unexpected {self.found()}")

    def expression(self) -> Node:
        """or-expression: the loosest."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self.fail(f"nested more than {_MAX_DEPTH} deep")
        node = self._conjunction()
        while token := self.accept("keyword", "or"):
            node = Binary("or", node, self._conjunction(), token.at)
        self._depth -= 1
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while token := self.accept("keyword", "and"):
            node = Binary("and", node, self._negation(), token.at)
        return node

    def _negation(self) -> Node:
        signs = []
        while token := self.accept("keyword", "not"):
            signs.append(token)
        node = self._comparison()
        for token in reversed(signs):
            node = Unary("not", node, token.at)
        return node

    def _comparison(self) -> Node:
        left = self.value()
        token = self.token
        if self.accept("sign", *_COMPARISONS):
            node: Node = Binary(_COMPARISONS[token.value], left, self.value(), token.at)
            if self.token.kind == "sign" and self.token.value in _COMPARISONS:
                self.fail("comparisons do not chain; join two with 'and', or use between")
            return node
        if self.accept("keyword", "is"):
            negated = self.accept("keyword", "not")
            self.expect("keyword", "null")
            node = IsNull(left, token.at)
            return Unary("not", node, token.at) if negated else node
        negated = self.accept("keyword", "not")
        matched = self._postfix(left)
        if matched is None:
            if negated:
                self.fail(f"expected in, between or like after 'not', found {self.found()}")
            return left
        return Unary("not", matched, token.at) if negated else matched

    def _postfix(self, left: Node) -> Node | None:
        at = self.token.at
        if self.accept("keyword", "in"):
            self.expect("sign", "(")
            options = [self.value()]
            while self.accept("sign", ","):
                options.append(self.value())
            self.expect("sign", ")")
            return In(left, tuple(options), at)
        if self.accept("keyword", "between"):
            low = self.value()
            self.expect("keyword", "and")
            return Between(left, low, self.value(), at)
        if self.accept("keyword", "like"):
            pattern = self.value()
            if not (isinstance(pattern, Literal) and isinstance(pattern.value, str)):
                self.fail("like needs a text such as 'SAN %'", pattern.at)
            return Binary("like", left, pattern, at)
        return None

    def value(self) -> Node:
        """A sum: anything that can stand on one side of a comparison."""
        node = self._product()
        while token := self.accept("sign", "+", "-"):
            node = Binary(token.value, node, self._product(), token.at)
        return node

    def _product(self) -> Node:
        node = self._factor()
        while token := self.accept("sign", "*", "/", "%"):
            node = Binary(token.value, node, self._factor(), token.at)
        return node

    def _factor(self) -> Node:
        signs = []
        while token := self.accept("sign", "-", "+"):
            signs.append(token)
        node = self._atom()
        for token in reversed(signs):
            if token.value == "-":
                node = _negative(node, token.at)
        return node

    def _atom(self) -> Node:  # noqa: PLR0911 - one line a kind of atom
        token = self.token
        if self.accept("number"):
            return Literal(_number(token.value), token.at)
        if self.accept("text"):
            return Literal(token.value, token.at)
        if self.accept("keyword", "true", "false"):
            return Literal(token.value == "true", token.at)
        if self.accept("keyword", "null"):
            return Literal(None, token.at)
        if self.accept("sign", "("):
            node = self.expression()
            self.expect("sign", ")")
            return node
        if token.kind == "name":
            return self._name_or_call()
        return self.fail(f"expected a column, a value or '(', found {self.found()}")

    def _name_or_call(self) -> Node:
        token = self.token
        self._index += 1
        if not self.accept("sign", "("):
            return Name(token.value, token.at)
        function = token.value.lower()
        if function not in FUNCTIONS:
            near = nearest(function, self.known)
            guess = f"did you mean {near!r}?" if near else f"known: {', '.join(self.known)}"
            self.fail(f"unknown function {token.value!r}; {guess}", token.at)
        arguments = [self.value()]
        while self.accept("sign", ","):
            arguments.append(self.value())
        self.expect("sign", ")")
        if len(arguments) not in FUNCTIONS[function]:
            counts = " or ".join(map(str, FUNCTIONS[function]))
            self.fail(f"{function} takes {counts} argument(s), not {len(arguments)}", token.at)
        return Call(function, tuple(arguments), token.at)


def _negative(node: Node, at: int) -> Node:
    if isinstance(node, Literal) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return Literal(-node.value, at)
    return Unary("-", node, at)


def _number(text: str) -> float | int:
    return int(text) if text.isdigit() else float(text)


def _names(node: Node) -> Iterator[Name]:
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Unary | IsNull):
        yield from _names(node.operand)
    elif isinstance(node, Binary):
        yield from _names(node.left)
        yield from _names(node.right)
    elif isinstance(node, In):
        for part in (node.operand, *node.options):
            yield from _names(part)
    elif isinstance(node, Between):
        for part in (node.operand, node.low, node.high):
            yield from _names(part)
    elif isinstance(node, Call):
        for part in node.arguments:
            yield from _names(part)

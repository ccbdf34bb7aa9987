"""The lexical elements of expressions, and the error that shows where a text stops making sense."""

import re
from collections.abc import Iterator

import msgspec

KEYWORDS = frozenset({"and", "or", "not", "in", "between", "like", "is", "null", "true", "false"})
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[^\W\d][\w.]*)
    | (?P<sign><=|>=|<>|!=|==|[=<>+\-*/%(),])
    )""",
    re.VERBOSE,
)


class ExpressionError(ValueError):
    """The text is no expression.

    Attributes:
        reason: what is wrong.
        text: the whole text.
        position: 0-based offset of the character where it is wrong.
    """

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.reason = reason
        self.text = text
        self.position = min(position, len(text))
        super().__init__(f"{reason} (column {self.position + 1})\n  {self.text}\n  {' ' * self.position}^")


class Token(msgspec.Struct, frozen=True):
    """One lexical element; kind is "number", "text", "name", "keyword", "sign" or "end"."""

    kind: str
    value: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """The lexical elements of a text, with an "end" at the end.

    Raises:
        ExpressionError: a character that begins nothing.
    """
    position = 0
    stop = len(text.rstrip())
    while position < stop:
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise ExpressionError(_why_not_a_token(text, at), text, at)
        kind = match.lastgroup or ""
        value = match[kind]
        at = match.start(kind)
        position = match.end()
        if kind == "word":
            folded = value.lower()
            yield Token("keyword", folded, at) if folded in KEYWORDS else Token("name", value, at)
        elif kind == "quoted":
            yield Token("name", value[1:-1].replace('""', '"'), at)
        elif kind == "text":
            yield Token("text", value[1:-1].replace("''", "'"), at)
        else:
            yield Token(kind, value, at)
    yield Token("end", "", stop)


def _why_not_a_token(text: str, at: int) -> str:
    if text[at] == "'":
        return "a text that starts here has no closing quote"
    if text[at] == '"':
        return "a quoted name that starts here has no closing quote"
    if text[at].isdigit():
        return "a number cannot run into letters; a name that starts with a digit needs double quotes"
    return f"{text[at]!r} begins nothing here"

"""Where each key of a TOML text stands: its path to its 1-based line.

Works on text that `tomllib` has read without error, so it only has to find keys, not to judge them. Paths
hold table names and keys, and indices of array elements: ("data", "rides", "checks", 0).
"""

import re

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")
_STRINGS = tuple(
    (opening, re.compile(pattern, re.DOTALL))
    for opening, pattern in (
        ('"""', r'"""(?:[^\\]|\\.)*?"""("{0,2})'),
        ("'''", r"'''.*?'''('{0,2})"),
        ('"', r'"(?:[^"\\]|\\.)*"'),
        ("'", r"'[^']*'"),
    )
)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def lines_of(text: str) -> dict[Path, int]:
    """The line of every table, key and array element; tables and keys are at their first appearance."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.arrays: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while True:
            self.skip(_SPACE)
            if self.at >= len(self.text):
                return self.found
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def note(self, path: Path, start: int) -> None:
        line = self.text.count("\n", 0, start) + 1
        for size in range(1, len(path) + 1):
            self.found.setdefault(path[:size], line)

    def header(self) -> Path:
        start = self.at
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        path = self.inside_arrays(self.key(), last=not double)
        self.at += 2 if double else 1
        if double:
            self.arrays[path] = self.arrays.get(path, -1) + 1
            path = (*path, self.arrays[path])
        self.note(path, start)
        return path

    def inside_arrays(self, names: tuple[str, ...], *, last: bool) -> Path:
        """The path with the index of the newest element after each array of tables on the way."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if path in self.arrays and (last or position < len(names) - 1):
                path = (*path, self.arrays[path])
        return path

    def key(self) -> tuple[str, ...]:
        """A key, dotted or not; stands after it."""
        parts = []
        while True:
            self.skip(_BLANK)
            parts.append(self.simple_key())
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def simple_key(self) -> str:
        if self.text[self.at] in "\"'":
            start = self.at
            self.string()
            raw = self.text[start + 1 : self.at - 1]
            return _unescaped(raw) if self.text[start] == '"' else raw
        match = _BARE.match(self.text, self.at)
        if match is None:
            self.at += 1
            return ""
        self.at = match.end()
        return match[0]

    def pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self.key())
        self.note(path, start)
        self.skip(_BLANK)
        self.at += 1
        self.skip(_BLANK)
        self.value(path)

    def value(self, path: Path) -> None:
        character = self.text[self.at : self.at + 1]
        if character in {'"', "'"}:
            self.string()
        elif character == "[":
            self.array(path)
        elif character == "{":
            self.inline_table(path)
        else:
            before = self.at
            self.skip(_SCALAR)
            self.at += self.at == before

    def string(self) -> None:
        for opening, pattern in _STRINGS:
            if self.text.startswith(opening, self.at):
                match = pattern.match(self.text, self.at)
                self.at = match.end() if match else len(self.text)
                return

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while True:
            self.skip(_SPACE)
            if self.at >= len(self.text) or self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.note((*path, index), self.at)
            self.value((*path, index))
            index += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while True:
            self.skip(_SPACE)
            if self.at >= len(self.text) or self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.pair(path)


def _unescaped(raw: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[3])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", one, raw)

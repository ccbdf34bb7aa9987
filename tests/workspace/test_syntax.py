"""Normalised statements: what changes no meaning changes no digest, and a change is found at its line."""

import pytest

from mlctl.domain.used import first_change
from mlctl.workspace.syntax import imports, statements

SOURCE = '''\
"""A module."""
import os


class Leaf:
    """A leaf."""

    SIZE = 1_000

    def grow(self, by=1):
        # slowly
        if by > 0:
            return self.SIZE + by
        try:
            return int(os.environ["BY"])
        except KeyError:
            pass
        match by:
            case 0:
                return "none"
'''


def digests(text):
    return tuple(digest for digest, _ in statements(text.encode()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# slowly", "# quickly"),
        ('"""A leaf."""', '"""Another leaf."""'),
        ('    """A leaf."""\n\n', ""),
        ("1_000", "1000"),
        ('"none"', "'none'"),
        ("if by > 0:\n            return self.SIZE + by", "if (by > 0): return (self.SIZE + by)"),
        ("import os\n\n\n", "import os\n"),
    ],
)
def test_what_changes_no_meaning_changes_no_digest(old, new):
    assert old in SOURCE
    assert digests(SOURCE.replace(old, new)) == digests(SOURCE)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("1_000", "1_001", 8),
        ("by=1", "by=2", 10),
        ("by > 0", "by >= 0", 12),
        ("self.SIZE + by", "self.SIZE - by", 13),
        ("except KeyError", "except OSError", 16),
        ("case 0", "case 1", 19),
        ('                return "none"\n', '                return "none"\n\n\nX = 1\n', 23),
        ("        try:\n            return int", "        int(by)\n        try:\n            return int", 14),
        ("            pass\n        match by:", "            pass\n            match by:", 18),
    ],
)  # fmt: skip
def test_a_change_is_found_at_its_line(old, new, line):
    assert old in SOURCE
    text = SOURCE.replace(old, new)
    if "            match by:" in new:
        text = text.replace(
            "            case 0:\n                return",
            "                case 0:\n                    return",
        )
    before, now = digests(SOURCE), statements(text.encode())
    assert tuple(digest for digest, _ in now) != before
    assert first_change(before, now) == line


def test_statements_that_are_gone_are_a_change_too():
    before, now = digests(SOURCE + "X = 1\n"), statements(SOURCE.encode())
    assert tuple(digest for digest, _ in now) != before
    assert first_change(before, now) == now[-1][1]


def test_a_module_that_reads_docstrings_keeps_them():
    text = '"""One."""\nprint(__doc__)\n'
    assert digests(text) != digests(text.replace("One", "Two"))


def test_a_source_that_does_not_parse_is_its_bytes():
    assert statements(b"def (") != statements(b"def ((")
    assert list(imports(b"def (")) == []


def test_imports_are_found_wherever_they_stand():
    source = b"import a.b, c\ndef f():\n    from ..d import e\n    from . import g\n"
    assert set(imports(source)) == {("a.b", 0), ("c", 0), ("d", 2), ("d.e", 2), ("", 1), ("g", 1)}

"""What a remote is known to hold, so that nobody asks twice: a list of names, one a line. Disposable."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from mlctl.store.index import FIELDS
from mlctl.store.layout import Layout

SHARED = tuple(kind for kind in FIELDS if kind != "predictions")
"""Kinds of facts that travel; predictions stay on their machine."""

START = "remote-"
"""How the names of these files in `.mlctl/index/` begin: of what lies there, answers rest on them alone."""


class Known:
    """The digests that one remote was seen to hold or was given.

    A line is `<kind> <digest>`; a torn last line is a name that nobody asks for.
    """

    def __init__(self, layout: Layout, url: str) -> None:
        self._path = _file_of(layout, url)
        try:
            self._names = set(self._path.read_text(encoding="ascii", errors="replace").splitlines())
        except FileNotFoundError:
            self._names = set()

    def has(self, kind: str, digest: str) -> bool:
        """Whether the remote is known to hold this."""
        return f"{kind} {digest}" in self._names

    def add(self, kind: str, digests: Iterable[str]) -> None:
        """Remember what the remote holds now."""
        fresh = [name for digest in digests if (name := f"{kind} {digest}") not in self._names]
        if not fresh:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write("".join(f"{name}\n" for name in fresh))
        self._names.update(fresh)

    def lose(self, names: Iterable[tuple[str, str]]) -> None:
        """Forget these alone, (kind, digest), all at once."""
        left = self._names - {f"{kind} {digest}" for kind, digest in names}
        if left == self._names:
            return
        aside = self._path.with_suffix(f".{os.urandom(8).hex()}")
        aside.write_text("".join(f"{name}\n" for name in sorted(left)), encoding="ascii")
        aside.replace(self._path)
        self._names = left

    def forget(self) -> None:
        """The remote has lost what it had: everything is to be asked for again."""
        self._path.unlink(missing_ok=True)
        self._names = set()


def _file_of(layout: Layout, url: str) -> Path:
    return layout.index / f"{START}{hashlib.sha256(url.encode()).hexdigest()[:16]}.txt"


def is_remembered(layout: Layout, url: str) -> bool:
    """Whether anything is known of a remote."""
    return _file_of(layout, url).exists()


def was_given(layout: Layout, kind: str, digest: str) -> bool:
    """Whether some remote is believed to hold this."""
    line = f"{kind} {digest}"
    for path in layout.index.glob(f"{START}*.txt"):
        with path.open(encoding="ascii", errors="replace") as file:
            if any(one.rstrip("\n") == line for one in file):
                return True
    return False

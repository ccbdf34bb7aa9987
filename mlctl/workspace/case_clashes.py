"""Names in one folder that differ only in case or in how an accent is written: macOS keeps one of them."""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = {".git", ".hg", ".dvc", ".mlctl"}


def case_clashes(folder: Path) -> Iterator[tuple[str, str]]:
    """Pairs of such names, relative to the folder, with "/"."""
    stack = [""]
    while stack:
        prefix = stack.pop()
        try:
            with os.scandir(folder / prefix) as listed:
                entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listed]
        except OSError:  # gone meanwhile
            continue
        names = [name for name, _is_folder in entries]
        if len({_plain(name) for name in names}) < len(names):
            yield from _pairs(prefix, sorted(names))
        stack += [f"{prefix}{name}/" for name, is_folder in entries if is_folder and name not in _SKIPPED]


def _pairs(prefix: str, names: list[str]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(_plain(name), name)
        if other != name:
            yield prefix + other, prefix + name


def _plain(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()

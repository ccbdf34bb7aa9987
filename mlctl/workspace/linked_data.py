"""Which files of a cache a work tree links to by symbolic links: without them a link leads to nothing."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_OTHERS = {".git", ".hg", ".dvc", ".mlctl"}


def linked_md5s(trees: Iterable[Path], cache: Path) -> set[str]:
    """The md5 of the cache's files that a symbolic link in one of the trees leads to."""
    top = os.path.realpath(cache / "files" / "md5") + os.sep
    found = set()
    for tree in trees:
        for link in _links(str(tree)):
            target = os.path.realpath(link)
            if target.startswith(top):
                found.add(target.removeprefix(top).replace(os.sep, "", 1))
    return found


def _links(folder: str) -> Iterator[str]:
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        yield entry.path
                    elif entry.is_dir() and entry.name not in _OTHERS:
                        folders.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):  # gone meanwhile
            continue

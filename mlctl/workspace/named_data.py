"""What a git repository says of DVC's data: every md5 that a pointer or a lock names, now or in its history.

Asked before anything is collected, so it errs on the side of too much: whatever looks like an md5 in a `.dvc`
file or a `dvc.lock` counts, of all folders of the repository.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from mlctl.workspace.git import kept_blobs, work_trees

_MD5 = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?:\.dir)?(?![0-9a-f])")
_FILES = ("*.dvc", "*dvc.lock")
_SKIPPED = {".git", ".hg", ".dvc", ".mlctl"}


def named_in_history(root: Path) -> Iterator[str]:
    """The md5 (".dir" at the end for a folder) in what git keeps: commits, stashes, reflogs, indexes.

    Some come more than once.

    Raises:
        Corrupt: git could not read its own history.
    """
    for blob in kept_blobs(root, _FILES):
        yield from _named_in(blob)


def named_in_work_trees(root: Path) -> Iterator[str]:
    """The md5 in pointers and locks that stand in the work trees now, committed or not, ignored or not."""
    for tree in {root, *work_trees(root)}:
        for folder, folders, files in os.walk(tree):
            pointers = [name for name in files if name.endswith(".dvc") or name == "dvc.lock"]
            data = {name.removesuffix(".dvc") for name in pointers}
            folders[:] = [name for name in folders if name not in _SKIPPED and name not in data]
            for name in pointers:
                yield from _named_in(Path(folder, name).read_bytes())


def _named_in(text: bytes) -> Iterator[str]:
    yield from (found.decode() for found in _MD5.findall(text))

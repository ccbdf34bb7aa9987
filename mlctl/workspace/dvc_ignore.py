"""`.dvcignore`: files of a versioned folder that DVC leaves out. Its patterns are git's, so git is asked."""

import os
from pathlib import Path

from mlctl.workspace.process import output_of
from mlctl.workspace.project import DVC_LINES

NAME = ".dvcignore"


def ignored_files(root: Path, path: str) -> frozenset[str]:
    """The files of the folder `path` that DVC leaves out, relative to the project."""
    folders = [folder for folder in (root / path).parents if folder == root or root in folder.parents]
    if not any(_has_patterns(folder / NAME) for folder in folders):
        return frozenset()
    only = ["--others", "--cached", "--ignored", f"--exclude-per-directory={NAME}"]
    listed = output_of(["git", "-C", str(root), "ls-files", "-z", *only, "--", path])
    return frozenset(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _has_patterns(file: Path) -> bool:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(line.strip() and not line.startswith("#") and line not in DVC_LINES for line in lines)

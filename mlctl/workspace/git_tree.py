"""What git says of the work tree, asked of the git program: loading gitpython takes 40 ms."""

from collections.abc import Iterable
from pathlib import Path

from mlctl.domain.errors import PermissionRefused
from mlctl.domain.looks import looked_at
from mlctl.workspace.process import answer_of, output_of


def top(root: Path) -> Path | None:
    """The work tree's top folder, or None outside git."""
    for folder in (root, *root.parents):
        looked_at(folder / ".git")
        if (folder / ".git").exists():  # a file in a linked work tree
            return folder
    return None


def is_tracked(root: Path, path: str) -> bool:
    """Whether git tracks the file, or a file below the folder."""
    return bool(output_of(["git", "-C", str(root), "ls-files", "-z", "--", f":(literal){path}"]))


def stage(root: Path, paths: Iterable[str]) -> None:
    """Put files (relative to the project) into git's index, as DVC's `core.autostage` asks.

    Raises:
        PermissionRefused: git would not.
    """
    if top(root) is None:
        return
    code, said = answer_of(["git", "-C", str(root), "add", "--", *(f":(literal){path}" for path in paths)])
    if code:
        raise PermissionRefused(f"git add failed: {said.decode('utf-8', 'replace').strip()}")


def stage_removed(root: Path, paths: Iterable[str]) -> None:
    """Take files (relative to the project) out of git's index; the work tree stays as it is.

    Raises:
        PermissionRefused: git would not.
    """
    if top(root) is None:
        return
    quietly = ["git", "-C", str(root), "rm", "--cached", "--ignore-unmatch", "--quiet", "--"]
    code, said = answer_of([*quietly, *(f":(literal){path}" for path in paths)])
    if code:
        raise PermissionRefused(f"git rm failed: {said.decode('utf-8', 'replace').strip()}")

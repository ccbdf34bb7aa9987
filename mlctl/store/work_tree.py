"""Several git work trees on one store: `.mlctl/worktree` in a linked one names the `.mlctl` that it works on.

Decisions, facts, objects, live runs and predictions are shared; `config.toml` follows the work tree's branch,
and indexes are its own.
"""

import os
from pathlib import Path

from mlctl.domain.errors import Missing
from mlctl.domain.looks import looked_at
from mlctl.store.files import Files
from mlctl.store.layout import FOLDER, Layout

LINK = "worktree"


def layout_of(root: Path) -> Layout | None:
    """The layout of the repository that stands in `root`, or that its work tree has joined; None for neither.

    Raises:
        Missing: it has joined one that is not there any more.
    """
    own = root / FOLDER
    looked_at(own, ["format", LINK])
    if (own / "format").exists():
        return Layout(own)
    try:
        store = Path(os.fsdecode((own / LINK).read_bytes()).rstrip("\n"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (store / "format").exists():
        raise Missing(
            f"this work tree shares {store}, which is not there any more", "mlctl init", path=str(store)
        )
    return Layout(store, own)


def join(root: Path, layout: Layout) -> None:
    """Let a work tree share another one's store."""
    own = root / FOLDER
    for folder in (own, own / "index"):
        folder.mkdir(parents=True, exist_ok=True)
    layout.tmp.mkdir(exist_ok=True)
    Files(own).replace(own / LINK, os.fsencode(layout.store) + b"\n")


def is_apart(folder: Path) -> bool:
    """Whether the folder is a linked work tree: what lies above it is another work tree's, if anybody's."""
    try:
        return "/worktrees/" in (folder / ".git").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False

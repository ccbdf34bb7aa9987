"""The hashes of work-tree files that this repository remembers, as the scan asks for them."""

from mlctl.store.stat_cache import StatCache
from mlctl.verbs.session import Session
from mlctl.workspace.hashing import stamp_of
from mlctl.workspace.scan import Memory


def memory_of(session: Session) -> Memory:
    """The hashes that this repository remembers."""
    return StatCache(session.repository.layout.index / "stat.sqlite")


def remember_move(session: Session, old: str, new: str) -> None:
    """Hashes of a file or folder that was renamed (paths relative to the project) hold at its new path."""
    memory = StatCache(session.repository.layout.index / "stat.sqlite")
    memory.moved(old, new, stamp_of((session.root / new).lstat()))
    memory.close()


def passing_memory() -> Memory:
    """A memory for files outside of the project: gone when nobody uses it any more."""
    return StatCache(None)

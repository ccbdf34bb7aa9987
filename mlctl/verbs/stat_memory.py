"""The hashes of work-tree files that this repository remembers, as the scan asks for them."""

from mlctl.store.stat_cache import StatCache
from mlctl.verbs.session import Session
from mlctl.workspace.scan import Memory


def memory_of(session: Session) -> Memory:
    """The hashes that this repository remembers."""
    return StatCache(session.repository.layout.index / "stat.sqlite")


def passing_memory() -> Memory:
    """A memory for files outside of the project: gone when nobody uses it any more."""
    return StatCache(None)

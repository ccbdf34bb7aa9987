"""The hashes of work-tree files that this repository remembers, as the scan asks for them."""

from mlctl.domain.manifest import parsed
from mlctl.project.session import Session
from mlctl.store.stat_cache import StatCache
from mlctl.workspace.hashing import stamp_of
from mlctl.workspace.scan import Memory
from mlctl.workspace.survey import unpacked

_LAST = "\U0010ffff"
"""After every path."""


def memory_of(session: Session) -> Memory:
    """The hashes that this repository remembers."""
    return StatCache(session.repository.layout.index / "stat.sqlite")


def remember_move(session: Session, old: str, new: str) -> None:
    """Hashes of a file or folder that was renamed (paths relative to the project) hold at its new path."""
    memory = StatCache(session.repository.layout.index / "stat.sqlite")
    memory.moved(old, new, stamp_of((session.root / new).lstat()))
    memory.close()


def remember_apart(session: Session, folder: str) -> None:
    """What is known of a folder's files (path relative to the project) is known to the wholes above it."""
    memory = StatCache(session.repository.layout.index / "stat.sqlite")
    for entries, stamps in memory.known(folder, "", _LAST):
        found = parsed(entries)
        files = found if isinstance(found, tuple) else ()
        memory.remember(
            [
                (f"{folder}/{entry.path}", *stamp, entry.md5, entry.sha256)
                for entry, stamp in zip(files, unpacked(stamps), strict=True)
            ]
        )
    memory.close()


def passing_memory() -> Memory:
    """A memory for files outside of the project: gone when nobody uses it any more."""
    return StatCache(None)

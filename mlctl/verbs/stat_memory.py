"""The hashes of work-tree files that this repository remembers, as the scan asks for them."""

from collections.abc import Iterable, Mapping

from mlctl.domain.ids import Digest
from mlctl.store.stat_cache import StatCache
from mlctl.verbs.session import Session
from mlctl.workspace.scan import Hashes, Stamp


class StatMemory:
    """The store's stat cache, as the scan asks it."""

    def __init__(self, rows: StatCache) -> None:
        self._rows = rows

    def recall(self, under: str) -> Mapping[str, tuple[Stamp, Hashes]]:
        """What is known of these files."""
        return {
            path: (Stamp(size, mtime, ctime, inode), Hashes(md5, Digest(sha256)))
            for path, (_, size, mtime, ctime, inode, md5, sha256) in self._rows.recall(under).items()
        }

    def remember(self, entries: Iterable[tuple[str, Stamp, Hashes]]) -> None:
        """Keep these."""
        self._rows.remember(
            (path, stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode, hashes.md5, hashes.sha256)
            for path, stamp, hashes in entries
        )


def memory_of(session: Session) -> StatMemory:
    """The hashes that this repository remembers."""
    return StatMemory(StatCache(session.repository.layout.index / "stat.sqlite"))

"""What the disposable SQLite tables of facts do alike: take in many facts, and give way when damaged.

Many are taken in a batch at a time, each in a transaction of its own. Whoever is killed on the way, or
interrupted, leaves what is done; the next one goes on from there.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from mlctl.domain.ids import Digest
from mlctl.domain.progress import Event, Report
from mlctl.store.fact_files import digests_of, fact_file, file_names

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
_MOST = 4096
_PRIMARY = 0xFF  # of an extended code of SQLite
_ANOTHER_TIME = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
}
_T = TypeVar("_T")


class Seen:
    """Which facts of a folder a table has, and which have come or gone since.

    It remembers the last look, so that the next one of this process is a listing of names and no more; unless
    another process has written the table in between.
    """

    def __init__(self) -> None:
        self._seen: tuple[sqlite3.Connection, int, set[str]] | None = None
        self._looked: tuple[sqlite3.Connection, int, set[str]] | None = None

    def changes(
        self, connection: sqlite3.Connection, folder: Path, recorded: Callable[[], Iterable[tuple[str]]]
    ) -> tuple[list[Digest], list[Digest]]:
        """Digests to take in, and to take out; whoever asks does both and then says so (`done`).

        Args:
            connection: to the table.
            folder: of the facts; it may be absent.
            recorded: reads the digests that the table has.
        """
        version = connection.execute("pragma data_version").fetchone()[0]  # another's commit changes it
        if self._seen is not None and self._seen[0] is connection and self._seen[1] == version:
            before = self._seen[2]
        else:
            before = {fact_file(digest) for (digest,) in recorded()}
        present = file_names(folder)
        self._seen, self._looked = None, (connection, version, present)
        return sorted(digests_of(present - before)), sorted(digests_of(before - present))

    def done(self) -> None:
        """The table has what the last look found."""
        self._seen = self._looked


def batches(items: Sequence[_T], step: str, report: Report) -> Iterator[Sequence[_T]]:
    """The items in turn, as many at a time as are taken in at once.

    Args:
        items: in any order.
        step: what is being done, for the report.
        report: told of every batch that is done, where there is more than one.
    """
    for start in range(0, len(items), _MOST):
        yield items[start : start + _MOST]
        if len(items) > _MOST:
            done = min(start + _MOST, len(items))
            report(Event(step=step, done=done, total=len(items), unit="files"))


@contextmanager
def whole(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back where the disk refuses
            connection.execute("rollback")
        raise


def is_damage(error: Exception) -> bool:
    """Whether a file may be what is wrong, and not that another holds it, or that disk or memory refuse."""
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:  # the file is cut
        return True
    return not isinstance(error, OSError) and (code is None or code & _PRIMARY not in _ANOTHER_TIME)


def throw_away(path: Path) -> None:
    """Remove a table and what its writers left beside it: a journal of one must not meet the next."""
    for one in path.parent.glob(f"{path.name}*"):
        with suppress(OSError):
            one.unlink()

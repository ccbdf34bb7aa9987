"""Remembers hashes of files by path and stamp, so that unchanged files need not be read; disposable.

One SQLite file under `.mlctl/index/`. Whatever goes wrong with it (damage, a full disk, another writer) costs
time, never an answer: it then remembers nothing.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Row = tuple[str, int, int, int, int, str, str]
"""path, size, mtime_ns, ctime_ns, inode, md5, sha256"""

_SCHEMA = """
create table if not exists stamps (
    path text primary key, size integer, mtime_ns integer, ctime_ns integer, inode integer,
    md5 text, sha256 text, crc32 integer
) without rowid
"""


def _crc32(row: Row) -> int:
    """Of the whole row: a damaged row must not vouch for a file."""
    return zlib.crc32(repr(row).encode("utf-8", "surrogatepass"))


class StatCache:
    """The memory in one file; made on first use."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def recall(self, under: str) -> Mapping[str, Row]:
        """The rows of the file `under` and of all files below the folder `under`, by path."""

        def select(connection: sqlite3.Connection) -> dict[str, Row]:
            query = "select * from stamps where path = ? or (path >= ? and path < ?)"
            found = connection.execute(query, (under, f"{under}/", f"{under}0"))
            return {row[0]: row for *kept, crc32 in found if _crc32(row := tuple(kept)) == crc32}

        return {} if not self.file.exists() else self._do(select) or {}

    def remember(self, rows: Iterable[Row]) -> None:
        """Keep these rows, in place of older ones of the same paths."""

        def insert(connection: sqlite3.Connection) -> None:
            sealed = ((*row, _crc32(row)) for row in rows)
            connection.executemany("insert or replace into stamps values (?, ?, ?, ?, ?, ?, ?, ?)", sealed)

        self._do(insert)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.file, timeout=1)) as connection, connection:
                connection.execute(_SCHEMA)
                return work(connection)
        except sqlite3.OperationalError:  # busy, read-only or full: another time
            return None
        except sqlite3.DatabaseError:  # damaged: begin anew
            self.file.unlink(missing_ok=True)
            return None
        except OSError:
            return None

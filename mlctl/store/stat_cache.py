"""Remembers hashes of work-tree files by path and stamp, so that unchanged ones need not be read; disposable.

One SQLite file under `.mlctl/index/`: rows for single files, and for folders the chunks of their manifests
with the stamps that the files had. Whatever goes wrong with it (damage, a full disk, another writer) costs
time, never an answer: it then remembers nothing.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.manifest import Seen

T = TypeVar("T")
Row = tuple[str, int, int, int, int, str, str]
"""path, size, mtime_ns, ctime_ns, inode, md5, sha256"""
Stamp = tuple[int, int, int, int]

_SCHEMA = """
create table if not exists stamps (
    path text primary key, size integer, mtime_ns integer, ctime_ns integer, inode integer,
    md5 text, sha256 text, crc32 integer
) without rowid;
create table if not exists chunks (
    place text, first text, files integer, bytes integer, seal blob, digest text, cached integer,
    crc32 integer, entries blob, stamps blob, primary key (place, first)
);
create table if not exists totals (place text primary key, over blob, md5 text, crc32 integer) without rowid;
create table if not exists trusted (
    place text, cache text, folder text, size integer, mtime_ns integer, ctime_ns integer, inode integer,
    primary key (place, cache, folder)
) without rowid;
"""
_CHUNK = "first, files, bytes, seal, digest, cached"


def _crc32(row: tuple[Any, ...]) -> int:
    """Of a whole row: a damaged row must not vouch for a file."""
    return zlib.crc32(msgspec.json.encode(row))


class StatCache:
    """The memory in one file; made on first use. The guarantees are those of `workspace.scan.Memory`."""

    def __init__(self, file: Path | None) -> None:
        """Name the file; None for one of SQLite's own that nobody finds again."""
        self.file = file
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def recall(self, first: str, last: str) -> dict[str, Row]:
        """The rows of single files whose paths are in this range."""

        def select(connection: sqlite3.Connection) -> dict[str, Row]:
            found = connection.execute("select * from stamps where path between ? and ?", (first, last))
            return {row[0]: row for *kept, crc32 in found if _crc32(row := tuple(kept)) == crc32}

        return self._do(select) or {}

    def remember(self, rows: list[Row]) -> None:
        """Keep these rows, in place of older ones of the same paths."""

        def insert(connection: sqlite3.Connection) -> None:
            sealed = ((*row, _crc32(row)) for row in rows)
            connection.executemany("insert or replace into stamps values (?, ?, ?, ?, ?, ?, ?, ?)", sealed)

        self._do(insert)

    def chunk(self, place: str, first: str) -> Seen | None:
        """The chunk of a folder that begins with this file."""

        def select(connection: sqlite3.Connection) -> Seen | None:
            asked = f"select {_CHUNK}, crc32 from chunks where place = ? and first = ?"  # noqa: S608 - our columns
            row = connection.execute(asked, (place, first)).fetchone()
            if row is None or _crc32((place, *row[:-1])) != row[-1]:
                return None
            _, files, size, seal, digest, cached, _ = row
            return Seen(
                first=first, files=files, bytes=size, seal=seal, digest=Digest(digest), cached=bool(cached)
            )

        return self._do(select)

    def known(self, place: str, first: str, last: str) -> Iterator[tuple[bytes, bytes]]:
        """Entries (verified) and stamps of all chunks that may hold a path in this range."""

        def select(connection: sqlite3.Connection) -> list[str]:
            before = "select coalesce(max(first), '') from chunks where place = :place and first <= :first"
            asked = f"select first from chunks where place = :place and first between ({before}) and :last"  # noqa: S608 - our own text
            found = connection.execute(
                f"{asked} order by first", {"place": place, "first": first, "last": last}
            )
            return [row[0] for row in found]

        for name in self._do(select) or ():
            row = self._content(place, name)
            if row is not None and sha256_of(row[0]).hexdigest() == row[2]:
                yield row[0], row[1]

    def _content(self, place: str, first: str) -> tuple[bytes, bytes, str] | None:
        asked = "select entries, stamps, digest from chunks where place = ? and first = ?"
        return self._do(lambda connection: connection.execute(asked, (place, first)).fetchone())

    def keep(self, place: str, chunk: Seen, last: str, entries: bytes, stamps: bytes) -> bool:
        """Keep a chunk instead of those that begin between its first and last path; whether it is kept."""
        plain = (chunk.first, chunk.files, chunk.bytes, chunk.seal, chunk.digest, int(chunk.cached))

        def insert(connection: sqlite3.Connection) -> bool:
            span = (place, chunk.first, last)
            connection.execute("delete from chunks where place = ? and first between ? and ?", span)
            row = (place, *plain, _crc32((place, *plain)), entries, stamps)
            connection.execute("insert into chunks values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            span = (place, f"{place}/{chunk.first}", f"{place}/{last}")
            connection.execute("delete from stamps where path between ? and ?", span[1:])
            return True

        return self._do(insert) is not None

    def entries(self, place: str, chunk: Seen) -> bytes | None:
        """The entries of a chunk, as kept; None if they are gone or damaged."""
        row = self._content(place, chunk.first)
        return row[0] if row is not None and sha256_of(row[0]).hexdigest() == chunk.digest else None

    def total(self, place: str, over: bytes) -> str | None:
        """The md5 of a whole folder, if it was finished with chunks whose seals have this hash."""

        def select(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(
                "select * from totals where place = ? and over = ?", (place, over)
            ).fetchone()
            return str(row[2]) if row is not None and _crc32(row[:3]) == row[3] else None

        return self._do(select)

    def finish(self, place: str, chunks: list[Seen], over: bytes, md5: str) -> None:
        """Keep what a whole folder is, and drop what does not belong to it any more."""

        def write(connection: sqlite3.Connection) -> None:
            living = {chunk.first for chunk in chunks}
            kept = [
                row[0] for row in connection.execute("select first from chunks where place = ?", (place,))
            ]
            gone = [(place, first) for first in kept if first not in living]
            connection.executemany("delete from chunks where place = ? and first = ?", gone)
            row = (place, over, md5)
            connection.execute("insert or replace into totals values (?, ?, ?, ?)", (*row, _crc32(row)))

        self._do(write)

    def trusted(self, place: str, cache: str) -> dict[str, Stamp]:
        """Stamps of the cache's folders at which all that the place's cached chunks name was there."""
        asked = "select folder, size, mtime_ns, ctime_ns, inode from trusted where place = ? and cache = ?"

        def select(connection: sqlite3.Connection) -> dict[str, Stamp]:
            return {row[0]: row[1:] for row in connection.execute(asked, (place, cache))}

        return self._do(select) or {}

    def trust(self, place: str, cache: str, folders: dict[str, Stamp]) -> None:
        """Keep these stamps instead of the older ones."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("delete from trusted where place = ? and cache = ?", (place, cache))
            rows = ((place, cache, folder, *stamp) for folder, stamp in folders.items())
            connection.executemany("insert into trusted values (?, ?, ?, ?, ?, ?, ?)", rows)

        self._do(write)

    def moved(self, old: str, new: str, stamp: Stamp) -> None:
        """What is known of a file or folder holds at its new path.

        Args:
            old: path before the move; nothing is known of it afterwards.
            new: path now.
            stamp: of a file as it is now. A rename changes the time of its status and nothing else; where
                more differs, it was another file.
        """

        def write(connection: sqlite3.Connection) -> None:
            for table in ("chunks", "totals", "trusted"):
                connection.execute(f"delete from {table} where place = ?", (new,))  # noqa: S608 - our tables
            chunks = connection.execute(f"select {_CHUNK} from chunks where place = ?", (old,)).fetchall()  # noqa: S608 - our columns
            sealed = [(new, _crc32((new, *chunk)), old, chunk[0]) for chunk in chunks]
            connection.executemany(
                "update chunks set place = ?, crc32 = ? where place = ? and first = ?", sealed
            )
            totals = connection.execute("select over, md5 from totals where place = ?", (old,)).fetchall()
            whole = [(new, _crc32((new, *total)), old) for total in totals]
            connection.executemany("update totals set place = ?, crc32 = ? where place = ?", whole)
            connection.execute("update trusted set place = ? where place = ?", (new, old))
            span = (old, f"{old}/", f"{old}0")
            rows = connection.execute(
                "select * from stamps where path = ? or (path >= ? and path < ?)", span
            ).fetchall()
            connection.execute("delete from stamps where path = ? or (path >= ? and path < ?)", span)
            kept = [_moved(row[:-1], old, new, stamp) for row in rows if _crc32(row[:-1]) == row[-1]]
            living = [(*row, _crc32(row)) for row in kept if row is not None]
            connection.executemany("insert or replace into stamps values (?, ?, ?, ?, ?, ?, ?, ?)", living)

        self._do(write)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            connection = self._opened()
            with connection:
                return work(connection)
        except sqlite3.OperationalError:  # busy, read-only or full: another time
            return None
        except sqlite3.DatabaseError:  # damaged: begin anew
            self.close()
            if self.file is not None:
                self.file.unlink(missing_ok=True)
            return None
        except OSError:
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self.file is not None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.file or "", timeout=1)
            try:
                connection.execute(
                    "pragma synchronous = off"
                )  # what a power cut damages is told by its checksum
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _moved(row: tuple[Any, ...], old: str, new: str, stamp: Stamp) -> tuple[Any, ...] | None:
    if row[0] != old:
        return (new + row[0][len(old) :], *row[1:])
    same = (row[1], row[2], row[4]) == (stamp[0], stamp[1], stamp[3])
    return (new, *stamp, *row[5:]) if same else None

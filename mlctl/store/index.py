"""A disposable index of facts: which digests have which values in the fields that commands look up.

It holds nothing that the facts do not say. It is brought up to date by listing the fact folders that changed
since, and made anew whenever it is missing or damaged; where it cannot be written, it lives in memory.
"""

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from mlctl.domain.ids import Digest
from mlctl.domain.progress import Report
from mlctl.store import disposable
from mlctl.store.disposable import Seen, batches, is_damage, throw_away, whole
from mlctl.store.layout import Layout

FIELDS: Mapping[str, tuple[str, ...]] = {
    "datasets": ("name", "md5", "sha256"),
    "evaluations": ("model", "model_digest", "key"),
    "labels": ("model", "source"),
    "models": ("model", "run", "refit_of"),
    "predictions": ("model", "segment", "first_id", "last_id"),
    "reports": ("model", "key"),
    "repeats": ("model", "version", "run"),
    "removals": ("subject", "of"),
    "reproductions": ("run", "model", "version"),
    "runs": ("run", "model", "cache_key", "status"),
}
"""The fields of each kind of fact that can be asked for; what is longest in use comes first."""

_VERSION = 1
_ABSENT = -2  # the stamp of a folder that is not there; 0 is a folder of 1970, as archives make them
_SETTLED = 2_000_000_000  # nanoseconds after which a folder's time stamp tells of every change
_SCHEMA = """
CREATE TABLE facts (kind TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (kind, digest)) WITHOUT ROWID;
CREATE TABLE fields (kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT, digest TEXT NOT NULL);
CREATE TABLE folders (kind TEXT PRIMARY KEY, stamp INTEGER NOT NULL) WITHOUT ROWID;
"""
_BY_VALUE = "CREATE INDEX IF NOT EXISTS by_value ON fields (kind, field, value, digest)"
_FIELDS_GONE = "DELETE FROM fields WHERE kind = ? AND digest NOT IN (SELECT digest FROM facts WHERE kind = ?)"
_FEW = 500
_T = TypeVar("_T")


class Index:
    """Looks facts up by their fields. Safe in several processes: each brings it up to date before it asks."""

    def __init__(
        self, layout: Layout, read: Callable[[Path, Sequence[str]], Iterable[tuple[str, Any]]], report: Report
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            layout: of the repository.
            read: the facts of a folder with these digests.
            report: told where there are many.
        """
        self._layout = layout
        self._read = read
        self._report = report
        self._seen: dict[str, Seen] = {}
        self._path = layout.index / f"facts-{_VERSION}.sqlite"
        self._connection: sqlite3.Connection | None = None

    def matching(self, kind: str, equal: Mapping[str, str | None]) -> list[Digest]:
        """Digests of the facts of a kind whose fields have all these values."""
        return self._healed(lambda connection: self._matching(connection, kind, equal))

    def beginning(self, kind: str, field: str, prefix: str) -> list[Digest]:
        """Digests of the facts of a kind whose field begins with the prefix, in the order of the field."""

        def ask(connection: sqlite3.Connection) -> list[Digest]:
            self._update(connection, kind)
            rows = connection.execute(
                "SELECT digest FROM fields WHERE kind = ? AND field = ? AND value >= ? AND value < ? "
                "ORDER BY value",
                (kind, field, prefix, f"{prefix}\U0010ffff"),
            ).fetchall()
            return [Digest(row[0]) for row in rows]

        return self._healed(ask)

    def values(
        self, kind: str, field: str, wanted: Collection[str], most: int = 500
    ) -> list[tuple[Digest, str]]:
        """Digest and value of the facts of a kind whose field has one of these values, by digest.

        Args:
            kind: of the facts.
            field: of `FIELDS`.
            wanted: values.
            most: so many are asked for one by one; above that all are read.
        """

        def ask(connection: sqlite3.Connection) -> list[tuple[Digest, str]]:
            self._update(connection, kind)
            asked = "SELECT digest, value FROM fields WHERE kind = ? AND field = ?"
            if len(wanted) > most:
                rows = connection.execute(f"{asked} ORDER BY digest", (kind, field)).fetchall()
                return [(Digest(digest), value) for digest, value in rows if value in wanted]
            one = f"{asked} AND value = ? ORDER BY digest"
            found = [row for value in wanted for row in connection.execute(one, (kind, field, value))]
            return [(Digest(digest), value) for digest, value in found]

        return self._healed(ask)

    def spanning(self, model: str | None, prediction_id: str) -> list[Digest]:
        """Prediction batches whose range of ids holds this one."""
        question = (
            "SELECT a.digest FROM fields a JOIN fields b ON a.kind = b.kind AND a.digest = b.digest "
            "WHERE a.kind = 'predictions' AND a.field = 'first_id' AND a.value <= ? "
            "AND b.field = 'last_id' AND b.value >= ?"
        )

        def ask(connection: sqlite3.Connection) -> list[Digest]:
            self._update(connection, "predictions")
            rows = connection.execute(question, (prediction_id, prediction_id)).fetchall()
            return [Digest(row[0]) for row in rows]

        found = self._healed(ask)
        if model is None:
            return found
        own = set(self.matching("predictions", {"model": model}))
        return [digest for digest in found if digest in own]

    @property
    def path(self) -> Path:
        """The index's file."""
        return self._path

    def raw(self) -> dict[str, list[tuple[Any, ...]]] | str | None:
        """What the file says as it stands: its rows, or what is wrong with it; None for no file."""
        if not self._path.exists():
            return None
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as connection:
                said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
                if said != "ok":
                    return str(said)
                fields = connection.execute("SELECT kind, field, value, digest FROM fields").fetchall()
                return {
                    "facts": connection.execute("SELECT kind, digest FROM facts").fetchall(),
                    "fields": fields,
                }
        except (sqlite3.Error, UnicodeDecodeError) as error:
            return str(error) if is_damage(error) else None

    def discard(self) -> None:
        """Throw the index away; the next question makes it anew."""
        self._close()
        throw_away(self._path)

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _healed(self, ask: Callable[[sqlite3.Connection], _T]) -> _T:
        """Ask; where the file is damaged ask a new one, where the disk refuses ask one in memory."""
        for _again in range(2):
            try:
                return ask(self._open())
            except (sqlite3.Error, OSError) as error:
                self._close()
                if not is_damage(error):
                    break
                throw_away(self._path)
        self._connection = self._prepared(sqlite3.connect(":memory:", check_same_thread=False))
        return ask(self._connection)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._layout.index.mkdir(exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=disposable.PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._connection = self._prepared(connection)
            except sqlite3.Error:
                connection.close()
                raise
        return self._connection

    @staticmethod
    def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = OFF")  # a lost index is made anew
        connection.execute("BEGIN IMMEDIATE")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"facts", "fields", "folders"} <= tables:
            for statement in _SCHEMA.strip().split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute("COMMIT")
        return connection

    def _matching(
        self, connection: sqlite3.Connection, kind: str, equal: Mapping[str, str | None]
    ) -> list[Digest]:
        self._update(connection, kind)
        if not equal:
            rows = connection.execute("SELECT digest FROM facts WHERE kind = ?", (kind,)).fetchall()
            return [Digest(row[0]) for row in rows]
        asked = "SELECT digest FROM fields WHERE kind = ? AND field = ? AND value IS ?"
        each = [(kind, field, value) for field, value in equal.items()]
        first = {one: connection.execute(f"{asked} LIMIT {_FEW + 1}", one).fetchall() for one in each}
        rarest = min(each, key=lambda one: len(first[one]))
        if len(first[rarest]) <= _FEW:  # the others are asked of these alone
            found = {row[0] for row in first[rarest]}
            for one in each:
                held = (connection.execute(f"{asked} AND digest = ?", (*one, digest)) for digest in found)
                found = {row[0] for rows in held for row in rows}
        else:
            found = set.intersection(*({row[0] for row in connection.execute(asked, one)} for one in each))
        return [Digest(digest) for digest in sorted(found)]

    def _update(self, connection: sqlite3.Connection, kind: str) -> None:
        """Take in what was added to (or removed from) a folder of facts since the last look."""
        folder = self._layout.facts / kind
        try:
            stamp = folder.stat().st_mtime_ns
        except FileNotFoundError:
            stamp = _ABSENT
        known = connection.execute("SELECT stamp FROM folders WHERE kind = ?", (kind,)).fetchone()
        if known is not None and known[0] == stamp:
            return
        settled = stamp if time.time_ns() - stamp > _SETTLED else -1  # too fresh to tell of the next change
        seen = self._seen.setdefault(kind, Seen())
        come, gone = seen.changes(
            connection,
            folder,
            lambda: connection.execute("SELECT digest FROM facts WHERE kind = ?", (kind,)),
        )
        for batch in batches(come, f"index {kind}", self._report):
            added = list(self._read(folder, batch))
            with whole(connection):
                _take_in(connection, kind, added)
        if come or gone or known is None or known[0] != settled:
            with whole(connection):
                _take_out(connection, kind, gone)
                connection.execute(_BY_VALUE)  # after the first many rows: made at once it costs less
                connection.execute("INSERT OR REPLACE INTO folders VALUES (?, ?)", (kind, settled))
        seen.done()


def _take_out(connection: sqlite3.Connection, kind: str, gone: list[Digest]) -> None:
    if gone:
        rows = [(kind, digest) for digest in gone]
        connection.executemany("DELETE FROM facts WHERE kind = ? AND digest = ?", rows)
        connection.execute(_FIELDS_GONE, (kind, kind))


def _take_in(connection: sqlite3.Connection, kind: str, added: list[tuple[str, Any]]) -> None:
    """Take in facts, which come in the order of their digests."""
    rows = [(kind, digest) for digest, _ in added]
    between = "SELECT digest FROM facts WHERE kind = ? AND digest BETWEEN ? AND ?"
    # another process may have taken some in since we looked
    taken = {row[0] for row in connection.execute(between, (kind, rows[0][1], rows[-1][1]))}
    connection.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", rows)
    for field in FIELDS.get(kind, ()):
        values = (
            (kind, field, getattr(fact, field), digest) for digest, fact in added if digest not in taken
        )
        connection.executemany("INSERT INTO fields VALUES (?, ?, ?, ?)", values)

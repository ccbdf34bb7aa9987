"""A disposable table of runs: what lists show, a column for each field, metric and parameter.

The facts are the truth; this is made of them, brought up to date by listing their folder where it has
changed, and made anew where it is missing or damaged. A list of a hundred thousand runs then reads as many as
it shows.
"""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from mlctl.domain.expression import Node
from mlctl.domain.ids import Digest
from mlctl.domain.progress import Report, silent
from mlctl.domain.run import Run, RunTold
from mlctl.store import disposable
from mlctl.store.disposable import Seen, batches, is_damage, throw_away, whole
from mlctl.store.layout import Layout
from mlctl.store.run_sql import sql_of

FILE = "runs-1.sqlite"
_T = TypeVar("_T")
_FRESH = 2_000_000_000  # ns after which a folder's time stamp tells of every change
_MOST_COLUMNS = 1_500
_SCHEMA = """
create table lines (digest text primary key, data blob) without rowid;
create table runs (digest text primary key, "run" text, "started" text);
create table columns (name text primary key, at text, odd integer) without rowid;
create table state (stamp integer);
"""
_PLAIN = {type(None), bool, float, str}
_INDEXES = (
    'create index if not exists newest on runs ("started" desc, "run" desc)',
    'create index if not exists by_run on runs ("run")',
)
_FIELDS = ("run", "model", "purpose", "status", "started", "seconds", "seed", "commit", "dirty")


class RunLine(RunTold, frozen=True, kw_only=True):
    """A run as the table keeps it.

    Attributes:
        data: digests of the dataset versions that it read.
        commit, dirty: of the code.
    """

    data: tuple[Digest, ...]
    commit: str | None
    dirty: bool


class RunTable:
    """The runs of a repository; each question brings the table up to date first."""

    def __init__(
        self,
        layout: Layout,
        read: Callable[[Sequence[Digest]], Iterable[tuple[Digest, Run]]],
        report: Report = silent,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            layout: of the repository.
            read: the runs with these digests.
            report: told where there are many.
        """
        self._layout = layout
        self._read = read
        self._report = report
        self._seen = Seen()
        self._path = layout.index / FILE
        self._connection: sqlite3.Connection | None = None

    def names(self) -> set[str]:
        """Every field, metric and parameter of a run that there is."""

        def ask(connection: sqlite3.Connection) -> set[str]:
            self._update(connection)
            return {*_FIELDS, *(row[0] for row in connection.execute("select name from columns"))}

        return self._healed(ask)

    def select(
        self, *, model: str | None, where: Node | None, sort: str | None, limit: int
    ) -> tuple[list[RunLine], int] | None:
        """The first lines that fit, and how many runs of this model there are; None where SQL cannot tell.

        Args:
            model: only its runs.
            where: only those of which it is true.
            sort: a name of `names`, "-name" for the largest first; the newest first if None. What has none
                comes last, equals come with the newest first.
            limit: at most so many; 0 for all.
        """

        def ask(connection: sqlite3.Connection) -> tuple[list[RunLine], int] | None:
            self._update(connection)
            column = self._columns(connection)
            conditions, values = ([f"{column('model')} = ?"], [model]) if model is not None else ([], [])
            total = connection.execute(f"select count(*) from runs{_where(conditions)}", values).fetchone()[0]  # noqa: S608 - quoted names
            if where is not None:
                told = sql_of(where, column)
                if told is None:
                    return None
                conditions.append(told[0])
                values += told[1]
            by = column(sort.removeprefix("-")) if sort is not None else None
            if sort is not None and by is None:
                return None
            down = " desc" if sort is not None and sort.startswith("-") else ""
            order = (
                f'{by} is null, {by}{down}, "started" desc, "run" desc'
                if by
                else '"started" desc, "run" desc'
            )
            rest = f"from runs{_where(conditions)} order by {order}"
            if not limit:
                rest = rest.replace("from runs", "from runs join lines using (digest)", 1)
                found: Iterable[Any] = connection.execute(f"select data {rest}", values)
            else:
                asked = f"select digest {rest} limit ?"
                chosen = connection.execute(asked, [*values, limit]).fetchall()
                one = "select data from lines where digest = ?"
                found = itertools.chain.from_iterable(connection.execute(one, digest) for digest in chosen)
            decode = msgspec.json.Decoder(RunLine).decode
            return [decode(row[0]) for row in found], total

        return self._healed(ask)

    def of(self, runs: Iterable[str]) -> dict[str, RunLine]:
        """The lines of some runs by their ids; those that are not there are left out."""

        def ask(connection: sqlite3.Connection) -> dict[str, RunLine]:
            self._update(connection)
            one = 'select data from runs join lines using (digest) where "run" = ?'
            found = itertools.chain.from_iterable(connection.execute(one, (run,)) for run in runs)
            lines = [msgspec.json.decode(row[0], type=RunLine) for row in found]
            return {line.run: line for line in lines}

        return self._healed(ask)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _columns(connection: sqlite3.Connection) -> Callable[[str], str | None]:
        known = {name: (at, odd) for name, at, odd in connection.execute("select * from columns")}

        def column(name: str) -> str | None:
            at, odd = known.get(name, (None, 1))
            return None if odd else str(at)

        return column

    def _healed(self, ask: Callable[[sqlite3.Connection], _T]) -> _T:
        """Ask; where the file is damaged ask a new one, where the disk refuses ask one in memory."""
        for _again in range(2):
            try:
                return ask(self._open(str(self._path)))
            except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
                self.close()
                if not is_damage(error):
                    break
                throw_away(self._path)
        return ask(self._open(":memory:"))

    def _open(self, path: str) -> sqlite3.Connection:
        if self._connection is None:
            self._layout.index.mkdir(exist_ok=True)
            connection = sqlite3.connect(path, timeout=disposable.PATIENCE, isolation_level=None)
            try:
                connection.execute("pragma synchronous = off")  # a lost table is made anew
                connection.execute("begin immediate")
                if not connection.execute("select 1 from sqlite_master where name = 'state'").fetchone():
                    for statement in _SCHEMA.strip().split(";"):
                        connection.execute(statement)
                    for name in _FIELDS:
                        _column(connection, name)
                connection.execute("commit")
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _update(self, connection: sqlite3.Connection) -> None:
        """Take in the runs that have come since the last look, and drop those that have gone."""
        folder = self._layout.facts / Run.kind
        try:
            stamp = folder.stat().st_mtime_ns
        except FileNotFoundError:
            stamp = -2
        known = connection.execute("select stamp from state").fetchone()
        if known is not None and known[0] == stamp:
            return
        settled = stamp if time.time_ns() - stamp > _FRESH else -1
        come, gone = self._seen.changes(
            connection, folder, lambda: connection.execute("select digest from lines")
        )
        for batch in batches(come, "index runs", self._report):
            added = list(self._read(batch))
            with whole(connection):
                _take_in(connection, added)
        if come or gone or known is None or known[0] != settled:
            with whole(connection):
                rows = [(digest,) for digest in gone]
                connection.executemany("delete from lines where digest = ?", rows)
                connection.executemany("delete from runs where digest = ?", rows)
                for index in _INDEXES:  # after the first many rows: made at once they cost less
                    connection.execute(index)
                connection.execute("delete from state")
                connection.execute("insert into state values (?)", (settled,))
        self._seen.done()


def line_of(run: Run) -> RunLine:
    """What a list shows of a run."""
    return RunLine(
        run=run.run,
        model=run.model,
        purpose=run.purpose,
        status=run.status,
        started=run.started_at,
        seconds=run.seconds,
        seed=run.seed,
        params=run.parameters,
        metrics=run.metrics,
        data=tuple(use.digest for use in run.data),
        commit=run.code.commit,
        dirty=run.code.dirty,
        error=run.error,
    )


def flat(line: RunLine) -> dict[str, Any]:
    """A run's fields, metrics and parameters by name: "mae" and "metrics.mae", "max_iter" and so on.

    Of a cross-validation "folds.mae" is the mean and "spread.mae" the standard deviation.
    """
    groups = _groups(line)
    return {name: groups[group][key] for name, (group, key) in _places(line.params, line.metrics).items()}


def _groups(line: RunLine) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    return line.params, line.metrics, {name: getattr(line, name) for name in _FIELDS}


def _places(params: Iterable[str], metrics: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Where each name of a run with these parameters and metrics stands: in which of its groups, as what."""
    found: dict[str, tuple[int, str]] = {}
    for name in params:
        found[name] = found[f"params.{name}"] = (0, name)
    for name in metrics:
        if "." not in name:
            found[name] = found[f"metrics.{name}"] = (1, name)
        elif name.startswith(("folds.", "spread.")):
            found[name] = (1, name)
    return found | {name: (2, name) for name in _FIELDS}


def _take_in(connection: sqlite3.Connection, added: Sequence[tuple[str, Run]]) -> None:
    """Take in runs; those that another process took in since we looked stay as they are."""
    columns: dict[str, str] = {name: at for name, at, _ in connection.execute("select * from columns")}
    lines = [(digest, line_of(run)) for digest, run in added]
    data = ((digest, msgspec.json.encode(line)) for digest, line in lines)
    connection.executemany("insert or ignore into lines values (?, ?)", data)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[str, RunLine]]] = {}
    for digest, line in lines:
        alike.setdefault((tuple(line.params), tuple(line.metrics)), []).append((digest, line))
    for (params, metrics), those in alike.items():
        _take_in_alike(connection, columns, _places(params, metrics), those)


def _take_in_alike(
    connection: sqlite3.Connection,
    columns: dict[str, str],
    places: Mapping[str, tuple[int, str]],
    those: Iterable[tuple[str, RunLine]],
) -> None:
    """Take in the rows of runs that have parameters and metrics of the same names."""
    for name in places:
        if name not in columns:
            columns[name] = _column(connection, name)
    kept = [(name, *place) for name, place in places.items() if columns[name]]
    odd: set[str] = set()

    def row(digest: str, line: RunLine) -> list[Any]:
        groups, found = _groups(line), [digest]
        for name, group, key in kept:
            value = groups[group][key]
            if value.__class__ not in _PLAIN and not _fits(value):
                odd.add(name)
                value = None
            found.append(value)
        return found

    names = ", ".join(["digest", *(columns[name] for name, _, _ in kept)])
    marks = ", ".join("?" * (1 + len(kept)))
    rows = (row(digest, line) for digest, line in those)
    connection.executemany(f"insert or ignore into runs ({names}) values ({marks})", rows)  # noqa: S608 - quoted names
    connection.executemany("update columns set odd = 1 where name = ?", ((name,) for name in odd))


def _fits(value: Any) -> bool:
    return isinstance(value, int) and -(2**63) <= value < 2**63


def as_kept(value: Any) -> Any:
    """A field, metric or parameter as its column keeps it; None for what a column cannot."""
    return value if value.__class__ in _PLAIN or _fits(value) else None


def _column(connection: sqlite3.Connection, name: str) -> str:
    """The quoted column of a name, made now where there is none; "" where there are too many."""
    count = connection.execute("select count(*) from columns").fetchone()[0]
    if name in {"run", "started"}:
        at = f'"{name}"'
    elif count >= _MOST_COLUMNS:
        connection.execute("insert into columns values (?, '', 1)", (name,))
        return ""
    else:
        at = f'"c{count}"'
        connection.execute(f"alter table runs add column {at}")
    connection.execute("insert into columns values (?, ?, 0)", (name, at))
    return at


def _where(conditions: Sequence[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""

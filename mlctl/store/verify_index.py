"""The disposable indexes against the facts that they index."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.records import Fact
from mlctl.domain.run import Run
from mlctl.store.disposable import is_damage
from mlctl.store.fact_files import fact_names
from mlctl.store.index import FIELDS
from mlctl.store.layout import Layout
from mlctl.store.run_table import FILE, RunLine, as_kept, flat, line_of

_PATIENCE = 10.0  # seconds


def index_differs(
    layout: Layout, content: dict[str, list[tuple[Any, ...]]], facts: Mapping[tuple[str, str], Fact]
) -> str | None:
    """What the index of facts says and the facts don't; None where they agree."""
    rows: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    for kind, digest in content["facts"]:
        rows[kind, digest] = set()
    for kind, field, value, digest in content["fields"]:
        rows.setdefault((kind, digest), set()).add((field, value))
    for key, found in rows.items():
        fact = facts.get(key)
        if fact is None:
            if not layout.fact(*key).exists():
                return f"it lists a fact that is not there: {key[0]}/{key[1]}"
            continue
        built = msgspec.to_builtins(fact)
        if found != {(field, built.get(field)) for field in FIELDS.get(key[0], ())}:
            return f"what it says of {key[0]}/{key[1]} is not what the fact says"
    return None


def wrong_with(path: Path, layout: Layout, facts: Mapping[tuple[str, str], Fact]) -> str | None:
    """What is wrong with an index other than that of facts; None where it is whole and says what they say."""
    wrong = unwhole(path)
    if wrong is not None or path.name != FILE:
        return wrong
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("begin")
            if not connection.execute("select 1 from sqlite_master where name = 'state'").fetchone():
                return None  # whoever was to make it was killed: the next one does
            return _runs_differ(connection, layout, facts)
    except (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        return str(error) if is_damage(error) else None


def _runs_differ(
    connection: sqlite3.Connection, layout: Layout, facts: Mapping[tuple[str, str], Fact]
) -> str | None:
    """What the table of runs says and their facts don't; what it will look for by itself is no difference."""
    columns = {name: (at, odd) for name, at, odd in connection.execute("select name, at, odd from columns")}
    rows = connection.execute("select * from runs left join lines using (digest)")
    places = {f'"{column[0]}"': number for number, column in enumerate(rows.description)}
    seen = set()
    for row in rows:
        digest = row[places['"digest"']]
        seen.add(digest)
        run = facts.get((Run.kind, digest))
        if not isinstance(run, Run):
            continue  # gone, or damaged: that is said of the fact
        line, data = line_of(run), row[places['"data"']]
        said = None if data is None else msgspec.json.decode(data, type=RunLine)
        told = flat(line)
        alike = said == line and told.keys() <= columns.keys()
        for name, (at, odd) in columns.items() if alike else ():
            value = told.get(name)
            kept = as_kept(value)
            alike &= not at or (at in places and row[places[at]] == kept and (bool(odd) or kept == value))
        if not alike:
            return f"what it says of run {run.run} is not what the fact says"
    lines = {digest for (digest,) in connection.execute("select digest from lines")}
    if lines != seen:
        return "some of its runs have no line, or no row"
    return _lacking(connection, layout, lines)


def _lacking(connection: sqlite3.Connection, layout: Layout, lines: set[str]) -> str | None:
    """That it takes itself for up to date and is not."""
    folder = layout.facts / Run.kind
    stamp = connection.execute("select stamp from state").fetchone()
    with suppress(FileNotFoundError):
        before = folder.stat().st_mtime_ns
        there = set(fact_names(folder))
        if stamp == (before,) and folder.stat().st_mtime_ns == before and there != lines:
            return "it does not have the runs that there are"
    return None


def unwhole(path: Path) -> str | None:
    """What is wrong with an SQLite file; None where it is whole, or whoever writes it next makes it so.

    What a killed writer left is rolled back, as by any other; where nothing can be written, it is left alone.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)
        ) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else None
    return None if said == "ok" else str(said)

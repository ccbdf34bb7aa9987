"""The disposable indexes against the facts that they index."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.records import Fact
from mlctl.store.index import FIELDS
from mlctl.store.layout import Layout

_PATIENCE = 10.0  # seconds
_PRIMARY = 0xFF  # of an extended code of SQLite
_ANOTHER_TIME = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY}


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
        return None if error.sqlite_errorcode & _PRIMARY in _ANOTHER_TIME else str(error)
    return None if said == "ok" else str(said)

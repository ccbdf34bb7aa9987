"""Whether an index is whole, whatever state it was left in."""

import os
import signal
import sqlite3
from contextlib import closing

import pytest

from mlctl.store.verify_index import unwhole

ROWS = 2000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "100% odd?" / "stat.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table t (x integer, y blob)")
        connection.executemany("insert into t values (?, ?)", ((row, b"old" * 30) for row in range(ROWS)))
    return path


def written_halfway(path):
    """What a writer that is killed leaves: pages that are changed, and the journal with what they were."""
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(path)
        connection.execute("pragma cache_size = 1")
        connection.execute("pragma synchronous = off")
        connection.execute("update t set y = ?", (b"new" * 30,))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0


def test_what_a_killed_writer_left_is_rolled_back_and_whole(file):
    written_halfway(file)
    assert unwhole(file) is None
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("select count(*) from t where y = ?", (b"old" * 30,)).fetchone() == (ROWS,)


def test_one_that_is_written_at_the_moment_is_not_damaged(file, monkeypatch):
    monkeypatch.setattr("mlctl.store.verify_index._PATIENCE", 0.01)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("begin exclusive")
        assert unwhole(file) is None


def test_damage_is_told(file):
    whole = file.read_bytes()
    file.write_bytes(whole[:5000] + b"x" * 3000 + whole[8000:])
    assert unwhole(file) is not None
    file.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    assert "not a database" in str(unwhole(file))

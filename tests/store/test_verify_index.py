"""Whether an index is whole, whatever state it was left in."""

import os
import signal
import sqlite3
from contextlib import closing

import pytest

from mlctl.domain.run import Run
from mlctl.store.repository import Repository
from mlctl.store.run_table import FILE
from mlctl.store.verify import verify
from mlctl.store.verify_index import unwhole, wrong_with
from tests.store.test_run_table import run_of

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


@pytest.fixture
def listed(repository):
    """Runs with values of every kind, listed in their table; and what is wrong with that, if anything is."""
    for number, value in enumerate([1, 0.5, "a", True, None, [1, 2], 2**70]):
        repository.facts.add(run_of(number, parameters={"x": value, f"only{number}": value}))
    repository.run_table.select(model=None, where=None, sort=None, limit=0)
    repository.run_table.close()
    path = repository.layout.index / FILE

    def wrong():
        facts = {("runs", digest): run for digest, run in repository.facts.all(Run)}
        return wrong_with(path, repository.layout, facts)

    return repository, path, wrong


def test_a_table_of_runs_that_says_what_they_say_is_right(listed):
    repository, path, wrong = listed
    assert wrong() is None
    repository.facts.add(run_of(50))
    gone, _ = repository.facts.all(Run)[0]
    repository.layout.fact("runs", gone).unlink()
    assert wrong() is None  # the next question takes the one in, and drops the other
    path.write_bytes(b"")
    assert wrong() is None


@pytest.mark.parametrize(
    "change",
    [
        "update runs set c1 = 'other'",
        "update runs set started = '1999'",
        "update lines set data = replace(cast(data as text), '\"mae\":1.0', '\"mae\":0.1')",
        "update lines set data = x'7b'",
        "update columns set at = '\"c99\"' where name = 'mae'",
        "update columns set odd = 0",
        "delete from columns where name = 'mae'",
        "delete from lines where digest in (select digest from runs limit 1)",
        "delete from runs where digest in (select digest from runs limit 1)",
        "drop table runs",
    ],
)
def test_a_table_of_runs_that_says_something_else_is_told(listed, change):
    repository, path, wrong = listed
    expected = Repository.find(repository.root).run_table.of([run_of(1).run])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)
    assert wrong() is not None
    found = verify(Repository.find(repository.root), repository.layout.cache)
    assert any(one.path.endswith(FILE) and one.kind == "corrupt" for one in found.problems)
    assert not path.exists()
    assert Repository.find(repository.root).run_table.of([run_of(1).run]) == expected


def test_a_table_of_runs_that_lacks_one_and_does_not_know_is_told(listed):
    repository, path, wrong = listed
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("delete from lines where digest = (select max(digest) from lines)")
        connection.execute("delete from runs where digest = (select max(digest) from runs)")
    assert wrong() is None  # it looks again by itself
    stamp = (repository.layout.facts / "runs").stat().st_mtime_ns
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update state set stamp = ?", (stamp,))
    assert wrong() == "it does not have the runs that there are"

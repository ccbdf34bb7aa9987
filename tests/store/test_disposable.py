"""Tables of many facts: made a batch at a time, by several at once, gone on with after a kill, reported."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing

import msgspec
import pytest

from mlctl.domain.run import Run
from mlctl.store import disposable
from mlctl.store.repository import Repository
from tests.store.test_run_table import run_of

COUNT = 60
READER = """
import sys
from pathlib import Path
from mlctl.store import disposable
from mlctl.store.repository import Repository
disposable._MOST = 5
repository = Repository.find(Path(sys.argv[1]))
def told(event):
    print(event.step, event.done, flush=True)
    if event.done >= int(sys.argv[2]):
        sys.stdin.readline()
repository.report = told
listed = repository.run_table.select(model=None, where=None, sort="-mae", limit=0)[1]
print(listed, len(repository.index.matching("runs", {"model": "demand"})))
"""


@pytest.fixture
def filled(repository):
    for number in range(COUNT):
        repository.facts.add(run_of(number))
    return repository


def reader(repository: Repository, stops_after: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", READER, str(repository.root), str(stops_after)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answers(repository: Repository):
    table = repository.run_table
    lines, total = table.select(model=None, where=None, sort="-mae", limit=0)
    found = len(repository.facts.where(Run, model="demand"))
    table.close()
    return [line.run for line in lines], total, found


def counted(repository: Repository, monkeypatch) -> list[str]:
    """The digests of the runs that are read from now on."""
    read = []
    many = repository.facts.many

    def noted(shape, digests):
        read.extend(digests)
        return many(shape, digests)

    monkeypatch.setattr(repository.facts, "many", noted)
    return read


def test_who_is_killed_on_the_way_leaves_what_is_done(filled, monkeypatch):
    monkeypatch.setattr(disposable, "_MOST", 5)
    expected = [run_of(number).run for number in reversed(range(COUNT))]
    for done in (20, 40):
        one = reader(filled, done)
        while one.stdout.readline().split() != ["index", "runs", str(done)]:
            assert one.poll() is None
        one.send_signal(signal.SIGKILL)
        one.communicate(timeout=60)
    fresh = Repository.find(filled.root)
    read = counted(fresh, monkeypatch)
    assert fresh.run_table.select(model=None, where=None, sort="-mae", limit=0)[1] == COUNT
    assert len(read) <= COUNT - 20
    assert answers(Repository.find(filled.root)) == (expected, COUNT, COUNT)


def test_several_at_once_make_one_table(filled):
    readers = [reader(filled, COUNT + 1) for _ in range(4)]
    for one in readers:
        told, _ = one.communicate(timeout=60)
        assert (one.returncode, told.split()[-2:]) == (0, [str(COUNT), str(COUNT)])
    assert answers(Repository.find(filled.root))[1:] == (COUNT, COUNT)


def test_many_are_reported_and_few_are_not(filled, monkeypatch):
    monkeypatch.setattr(disposable, "_MOST", 25)
    told = []
    filled.report = told.append
    answers(filled)
    assert [(event.step, event.done, event.total, event.unit) for event in told] == [
        ("index runs", done, COUNT, "files") for done in (25, 50, 60, 25, 50, 60)
    ]
    filled.facts.add(run_of(COUNT))
    assert answers(filled)[1:] == (COUNT + 1, COUNT + 1)
    assert len(told) == 6


@pytest.mark.parametrize("lock", ["immediate", "exclusive"])
def test_a_table_that_another_holds_is_not_thrown_away(filled, monkeypatch, lock):
    monkeypatch.setattr(disposable, "PATIENCE", 0.01)
    expected = answers(filled)
    filled.facts.add(run_of(COUNT))
    files = [filled.layout.index / name for name in ("runs-1.sqlite", "facts-1.sqlite")]
    before = [path.stat().st_ino for path in files]
    with ExitStack() as held:
        for path in files:
            connection = held.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            connection.execute(f"begin {lock}")
        assert answers(Repository.find(filled.root))[1:] == (COUNT + 1, COUNT + 1)
    assert [path.stat().st_ino for path in files] == before
    assert answers(Repository.find(filled.root)) == ([run_of(COUNT).run, *expected[0]], COUNT + 1, COUNT + 1)


LIMITED = """
import resource, sys
from pathlib import Path
from mlctl.store.repository import Repository
repository = Repository.find(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
listed = repository.run_table.select(model=None, where=None, sort="-mae", limit=0)[1]
print(listed, len(repository.index.matching("runs", {"model": "demand"})))
"""


def test_a_table_that_the_disk_has_no_room_for_is_not_thrown_away(filled):
    answers(filled)
    files = [filled.layout.index / name for name in ("runs-1.sqlite", "facts-1.sqlite")]
    before = [(path.stat().st_ino, path.read_bytes()) for path in files]
    for number in range(COUNT, 5 * COUNT):
        filled.facts.add(run_of(number))
    words = [sys.executable, "-c", LIMITED, str(filled.root), str(min(len(data) for _, data in before))]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert done.stdout.split() == [str(5 * COUNT), str(5 * COUNT)]
    assert [path.stat().st_ino for path in files] == [number for number, _ in before]
    assert answers(Repository.find(filled.root))[1:] == (5 * COUNT, 5 * COUNT)


def test_a_full_database_is_no_damage_and_a_cut_one_is(tmp_path):
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("create table t (x blob)")
        connection.execute("pragma max_page_count = 4")
        with pytest.raises(sqlite3.Error) as full, disposable.whole(connection):
            connection.executemany("insert into t values (?)", [(b"x" * 4000,)] * 20)
    assert full.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert not disposable.is_damage(full.value)
    short = sqlite3.OperationalError("disk I/O error")
    short.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHORT_READ
    assert disposable.is_damage(short)


@pytest.mark.parametrize("name", ["runs-1.sqlite", "facts-1.sqlite"])
def test_a_damaged_table_goes_with_what_stands_beside_it(filled, name):
    expected = answers(filled)
    path = filled.layout.index / name
    path.write_bytes(b"no database " * 400)
    (filled.layout.index / f"{name}-journal").write_bytes(b"of another table " * 400)
    assert answers(Repository.find(filled.root)) == expected
    assert path.read_bytes().startswith(b"SQLite format 3")
    assert not (filled.layout.index / f"{name}-journal").exists()


def test_facts_that_are_gone_are_found_no_more(filled):
    assert answers(filled)[1:] == (COUNT, COUNT)
    gone = [digest for digest, _ in filled.facts.all(Run)[: COUNT // 2]]
    for digest in gone:
        filled.layout.fact("runs", digest).unlink()
    assert answers(Repository.find(filled.root))[1:] == (COUNT - len(gone), COUNT - len(gone))
    kept = msgspec.structs.replace(run_of(COUNT), model="other")
    filled.facts.add(kept)
    assert len(filled.facts.where(Run, model="other")) == 1


def test_what_another_process_did_to_a_table_is_seen(filled):
    mine, other = filled, Repository.find(filled.root)
    run = run_of(COUNT)
    digest = filled.facts.add(run)
    path = filled.layout.fact("runs", digest)
    data = path.read_bytes()

    def seen(repository: Repository) -> tuple[bool, bool]:
        table = repository.run_table.of([run.run])
        return run.run in table, digest in repository.index.matching("runs", {"run": run.run})

    assert seen(mine) == seen(other) == (True, True)
    path.unlink()
    assert seen(other) == (False, False)
    path.write_bytes(data)
    assert seen(mine) == seen(other) == (True, True)
    path.unlink()
    assert seen(mine) == seen(other) == (False, False)

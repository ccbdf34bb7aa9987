"""A folder of thousands of files through the real program: killed, continued, and read by the real dvc."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.e2e.projects import Terminal, environment

pytestmark = pytest.mark.slow

FILES = 12_000
KEPT = "select first, rowid from chunks where cached order by first"


def chunks(folder):
    """The chunks that are remembered, and the row of each: one that is kept again has another."""
    file = folder / ".mlctl/index/stat.sqlite"
    if not file.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
            return dict(connection.execute(KEPT).fetchall())
    except sqlite3.OperationalError:  # not made yet
        return {}


@pytest.fixture
def terminal(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    found = Terminal(folder)
    assert found.run("init").returncode == 0
    for number in range(FILES):
        within = folder / f"data/{number % 40:02}"
        if number < 40:
            within.mkdir(parents=True)
        (within / f"{number:05}.txt").write_bytes(b"%d" % number)
    return found


def started(terminal, *arguments):
    """The program in a process group of its own, so that its workers can be killed with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "mlctl", *arguments],
        cwd=terminal.folder,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(condition, process):
    for _ in range(60_000):
        if condition() or process.poll() is not None:
            return
        time.sleep(0.001)
    raise AssertionError("it did not come")


def test_an_add_that_was_killed_goes_on_where_it_was_and_dvc_agrees(terminal):
    folder = terminal.folder
    killed = started(terminal, "data", "add", "data")
    wait_for(lambda: len(chunks(folder)) >= 2, killed)
    alive = killed.poll() is None
    os.killpg(killed.pid, signal.SIGKILL) if alive else None
    killed.wait()
    before = chunks(folder)
    assert len(before) >= 2
    assert terminal.data("fsck")["clean"] is True
    added = terminal.data("data", "add", "data")
    assert added["added"] == (["data@1"] if alive else [])
    after = chunks(folder)
    assert {first: after.get(first) for first in before} == before  # none of them was done again
    assert terminal.data("data", "status")["clean"] is True
    assert terminal.data("fsck")["clean"] is True
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status"],
        cwd=folder,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "up to date" in done.stdout


def test_a_checkout_that_was_killed_leaves_whole_files_and_goes_on(terminal):
    folder = terminal.folder
    terminal.data("data", "add", "data")
    before = {path: path.read_bytes() for path in (folder / "data").rglob("*.txt")}
    for path in before:
        path.unlink()
    killed = started(terminal, "data", "checkout", "data")
    wait_for(lambda: any((folder / "data").rglob("*.txt")), killed)
    os.killpg(killed.pid, signal.SIGKILL) if killed.poll() is None else None
    killed.wait()
    for path in (folder / "data").rglob("*"):
        assert path.is_dir() or path.read_bytes() == before[path]
    terminal.data("data", "checkout", "data")
    assert {path: path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file()} == before
    assert terminal.data("data", "status")["clean"] is True


def test_ctrl_c_ends_the_workers_too_and_leaves_nothing_aside(terminal):
    folder = terminal.folder
    process = started(terminal, "data", "add", "data")
    wait_for(lambda: len(chunks(folder)) >= 1, process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) in {130, 0}
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody of the group is left
    assert list((folder / ".mlctl/cache/tmp").iterdir()) == []

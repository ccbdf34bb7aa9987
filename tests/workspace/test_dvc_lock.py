"""DVC's lock: with real processes that hold it."""

import json
import os
import subprocess
import sys

import pytest

from mlctl.domain.errors import Locked
from mlctl.workspace.dvc_lock import dvc_lock

HOLD = """
import sys, zc.lockfile
held = zc.lockfile.LockFile(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""

TRY = """
import sys, zc.lockfile
try:
    zc.lockfile.LockFile(sys.argv[1])
except zc.lockfile.LockError:
    print("refused")
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock as dvc does; ends when its input is closed."""
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / ".dvc/tmp/lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("holder")
def test_the_lock_is_dvc_s(tmp_path):
    with pytest.raises(Locked, match=r"\.dvc/tmp/lock"), dvc_lock(tmp_path, [], wait=0.1):
        pytest.fail("two held the lock")


def test_a_killed_holder_gives_it_back(holder, tmp_path):
    holder.kill()
    holder.wait()
    with dvc_lock(tmp_path, [], wait=5):
        assert (tmp_path / ".dvc/tmp/lock").read_text().strip() == str(os.getpid())


def test_dvc_is_refused_while_we_hold_it(tmp_path):
    command = [sys.executable, "-c", TRY, str(tmp_path / ".dvc/tmp/lock")]
    with dvc_lock(tmp_path, []):
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "refused\n"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize(
    ("path", "blocked"), [("data/x.csv", True), ("data", True), ("data/x.csv/y", True), ("other", False)]
)
def test_what_a_running_stage_has_reserved_is_respected(holder, tmp_path, path, blocked):
    holder.stdin.close()
    holder.wait()
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as stage:
        reserved = {"write": {str(tmp_path / path): {"pid": stage.pid, "cmd": "dvc repro"}}, "read": {}}
        (tmp_path / ".dvc/tmp/rwlock").write_text(json.dumps(reserved))
        if blocked:
            with pytest.raises(Locked, match="dvc repro"), dvc_lock(tmp_path, [tmp_path / "data/x.csv"]):
                pytest.fail("the reservation was ignored")
        else:
            with dvc_lock(tmp_path, [tmp_path / "data/x.csv"]):
                pass
        stage.stdin.close()
        stage.wait()
    with dvc_lock(tmp_path, [tmp_path / "data/x.csv"]):  # the stage has ended: its reservation counts no more
        pass

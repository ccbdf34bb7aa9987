"""SIGKILL at write points of every command that writes: nothing half-done, the next command works.

Here at some of them where there are many, spread over the whole command; at all of them with MLCTL_SOAK.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.kill_commands import KILLS
from tests.e2e.projects import ROOT, SOAK, environment

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("kill_commands.py")
LEAST = {
    "init": 40,
    "init-template": 40,
    "init-from": 40,
    "data-add": 30,
    "data-checkout": 8,
    "data-get": 6,
    "data-evict": 10,
    "data-add-folder": 30,
    "data-checkout-folder": 12,
    "data-add-piece": 20,
    "data-checkout-part": 8,
    "data-mv": 12,
    "data-rm": 6,
    "data-import": 12,
    "data-update": 12,
    "gc": 12,
    "gc-restore": 12,
    "gc-empty": 6,
    "gc-retain": 10,
    "train": 50,
    "eval": 12,
    "promote": 40,
    "promote-shared": 150,
    "promote-second": 40,
    "rollback": 12,
    "undo": 12,
    "redo": 12,
    "reproduce": 20,
    "build": 120,
    "predict": 4,
    "labels-add": 15,
    "monitor": 4,
    "loop": 100,
    "status": 2,
    "plan": 2,
    "fsck": 0,
}
"""Write points that a command has at the least: fewer would mean that the kills no longer see its writes."""


FEW = 12
SPREAD = {
    "reproduce": 11,
    "loop": 11,
    "build": 7,
    "promote": 5,
    "promote-second": 5,
    "promote-shared": 17,
    "train": 5,
}
"""Every how manyth point, where not every third: of those that have very many, or take long for each."""


def every(command):
    """Every how manyth point it is killed at."""
    return 1 if SOAK or LEAST[command] < FEW else SPREAD.get(command, 3)


def program(*arguments):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=3500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def scratch():
    """A folder in memory where there is one: what the kills leave is looked at, not kept."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def states(scratch):
    program(scratch / "states")
    return scratch / "states"


@pytest.mark.timeout(3600 if SOAK else 900)  # a busy machine takes its time over the two hundred loops
@pytest.mark.parametrize("command", KILLS)
def test_a_command_may_be_killed_at_any_write_point(command, states, scratch):
    result = json.loads(program(states, command, scratch / command, every(command)))
    assert result["failures"] == []
    assert result["points"] >= LEAST[command]


def test_a_loop_killed_after_its_freeze_goes_on_with_the_renewal(states, scratch):
    """The frozen version alone is no attempt that was refused: the next loop must not wait for weeks."""
    found = json.loads(program(states, "frozen", scratch / "frozen"))
    assert "models/demand/2" not in found["cut"]
    assert found["again"] == found["whole"], found["said"]


def test_every_command_that_writes_is_among_the_killed():
    killed = {" ".join(kill.argv[: 1 + (kill.argv[0] in {"data", "labels"})]) for kill in KILLS.values()}
    writing = [
        "init",
        "train",
        "eval",
        "promote",
        "rollback",
        "build",
        "predict",
        "monitor",
        "loop",
        "reproduce",
    ]
    quiet = ["undo", "redo", "status", "plan", "fsck", "gc"]
    data = [
        "data add",
        "data checkout",
        "data get",
        "data evict",
        "data mv",
        "data rm",
        "data import",
        "data update",
    ]
    assert killed == {*writing, *quiet, *data, "labels add"}

"""SIGKILL at write points of push, pull, fetch, remote add, rollback, log drop and clone: nothing is lost.

Here at some of the points, spread over the whole act; all of them with MLCTL_SOAK.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.sharing.kill_rounds import ACTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEPS = {
    "first-push": (29, 100),
    "push": (83, 250),
    "verify": (23, 120),
    "pull": (17, 40),
    "fetch": (17, 40),
    "fetch-parted": (53, 150),
    "adopt": (29, 150),
    "rollback": (61, 100),
    "drop": (7, 15),
    "clone": (97, 200),
    "clone-vain": (23, 100),
}
"""Every how manyth point, and how many write points there are at the least."""
DENSE = {"clone": 15}
"""How many points at the beginning are all killed at: there the folder becomes a repository."""


@pytest.fixture
def scratch():
    memory = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.timeout(3600 if os.environ.get("MLCTL_SOAK") else 300)
@pytest.mark.parametrize("act", ACTS)
def test_a_kill_leaves_clean_repositories_that_come_to_the_same_end(act, scratch):
    every, least = STEPS[act]
    if os.environ.get("MLCTL_SOAK"):
        every = 1
    steps = (str(every), str(DENSE.get(act, 0)))
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.sharing.kill_rounds", act, str(scratch / "work"), *steps],
        cwd=ROOT,
        env={**environment, "HOME": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["points"] >= least

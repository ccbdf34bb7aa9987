"""SIGKILL at random moments while data are added, restored, collected, pushed and pulled, by many processes.

How many times each is killed is MLCTL_KILLS: a few by default, 200 with MLCTL_SOAK.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.projects import ROOT, SOAK, environment

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("random_kills.py")
TIMES = int(os.environ.get("MLCTL_KILLS", "200" if SOAK else "8"))
SEED = int(os.environ.get("MLCTL_SEED", "7"))


@pytest.mark.timeout(TIMES * 30 + 300)
@pytest.mark.parametrize("what", ["add", "checkout", "gc", "push", "pull", "push-s3", "pull-s3"])
def test_killed_at_random_nothing_is_lost_and_the_next_command_goes_on(what):
    times = TIMES // 4 if what.endswith("-s3") else TIMES
    memory = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), f"{folder}/kills", what, str(times), str(SEED)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=TIMES * 30 + 200,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["killed"] >= times
    assert result["midway"] >= times // 8

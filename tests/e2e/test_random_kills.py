"""SIGKILL at random moments while data are added, restored and collected, by many processes at once."""

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
TIMES = 1000 if SOAK else 40
SEED = int(os.environ.get("MLCTL_SEED", "7"))


@pytest.mark.timeout(3600 if SOAK else 600)
@pytest.mark.parametrize("what", ["add", "checkout", "gc"])
def test_killed_at_random_nothing_is_lost_and_the_next_command_goes_on(what):
    memory = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), f"{folder}/kills", what, str(TIMES), str(SEED)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=3500,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["killed"] >= TIMES // 2

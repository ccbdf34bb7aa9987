"""SIGKILL at random moments of a server under load: every answer is in the log, the next one starts."""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.e2e.projects import ROOT, SOAK, Terminal, environment, question

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("kill_servers.py")
KILLS = 10_000 if SOAK else 200


def test_a_server_killed_under_load_has_logged_every_prediction_that_it_acknowledged():
    seed = random.randrange(10**6)  # noqa: S311 - other moments each time; a failure shows the seed
    memory = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as work:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), work, str(KILLS), str(seed)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=None if SOAK else 280,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        found = json.loads(done.stdout)
        assert (found["failures"], found["kills"]) == ([], KILLS), f"seed {seed}"
        assert found["early"] < KILLS / 2
        assert found["noted"] > KILLS
        terminal = Terminal(Path(found["folder"]))
        with terminal.serving() as client:
            assert client.predict(question(1))[0] == 200
        last = Path(found["notes"]).read_text(encoding="utf-8").splitlines()[-1]
        assert terminal.data("blame", last)["verified"] is True

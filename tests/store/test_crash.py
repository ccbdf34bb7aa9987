"""SIGKILL at every write point of every act: nothing acknowledged is lost, the next act works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.undo import undo
from tests.store import full

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("crash_scenarios.py")
ROOT = SCRIPT.parents[2]


def swept(act: str, work: Path) -> dict:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), act, str(work)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((work / "result.json").read_text())


@pytest.mark.parametrize(
    ("act", "least"),
    [
        ("create", 30),
        ("publish", 80),
        ("durable", 20),
        ("sync", 25),
        ("async", 5),
        ("seal", 30),
        ("label", 20),
        ("run", 8),
    ],
)
def test_a_kill_at_any_write_point_leaves_a_clean_repository_with_all_that_was_acknowledged(
    act, least, tmp_path
):
    result = swept(act, tmp_path)
    assert result["failures"] == []
    assert result["points"] >= least


def test_the_harness_sees_a_write_that_is_not_atomic(tmp_path):
    failures = swept("careless", tmp_path)["failures"]
    assert any("sha256" in text for failure in failures for text in failure["failures"])


@pytest.mark.parametrize("command", ["undo --json", "redo 2 --json"])
def test_a_whole_command_may_be_killed_at_any_write_point(command, tmp_path):
    session = full.session(tmp_path)
    full.add_dataset(session.repository)
    if command.startswith("redo"):
        full.decide(session.repository, "t", notes__x="a")
        undo(session, UndoRequest(number=2))
    harness = SCRIPT.with_name("crash_harness.py")
    arguments = [str(session.root), str(tmp_path / "work"), "--then", "log", "--", *command.split()]
    done = subprocess.run(
        [sys.executable, str(harness), *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=ROOT,
    )
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["points"] >= 8

"""`mlctl redo` in a terminal and for programs."""

import json
import subprocess
import sys

import pytest

from tests.store import full


@pytest.fixture
def project(tmp_path):
    session = full.session(tmp_path)
    full.life(session)
    return session.root


def mlctl(project, *argv):
    return subprocess.run(
        [sys.executable, "-m", "mlctl", "-C", str(project), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_redo_brings_back_what_undo_took(project):
    mlctl(project, "undo")
    done = mlctl(project, "redo")
    assert done.returncode == 0
    assert done.stdout.startswith("decision 6 (promote) redone, by decision 8\n")
    nothing = mlctl(project, "redo", "--json")
    assert nothing.returncode == 20
    assert json.loads(nothing.stdout)["error"]["message"] == "there is nothing to redo: no decision is undone"

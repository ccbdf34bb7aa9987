"""`mlctl log` in a terminal and for programs."""

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


def test_the_log_is_a_line_a_decision_newest_first(project):
    lines = mlctl(project, "log").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["6", "5", "4", "3", "2", "1"]
    assert lines[0] == "6  2026-11-01 00:00  promote   stages/demand/production → demand@2"
    newest = mlctl(project, "log", "-n", "1").stdout.splitlines()
    assert [line.split() for line in newest] == [lines[0].split()]
    rides = mlctl(project, "log", "--name", "rides").stdout.splitlines()
    assert [line.split() for line in rides] == [lines[4].split()]


def test_the_log_in_full_tells_who_and_how(project):
    text = mlctl(project, "log", "-n", "1", "-v").stdout
    assert "by u, u@h (terminal)" in text
    assert "$ mlctl promote" in text


def test_the_log_as_json_has_the_shape_of_the_contract(project):
    decisions = json.loads(mlctl(project, "log", "--json").stdout)["data"]["decisions"]
    least = {"number", "time", "actor", "command", "changes", "reason", "sha256", "parent"}
    assert all(least <= set(decision) for decision in decisions)
    assert set(decisions[0]["changes"][0]) == {"name", "old", "new"}
    assert decisions[0]["parent"] == decisions[1]["sha256"]

"""`mlctl log` in a terminal and for programs."""

import io
import json

import pytest
from rich.console import Console

from mlctl.cli.render.log import render
from mlctl.domain.requests.log import LogRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.verbs.log import log
from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_the_log_is_a_line_a_decision_newest_first(project):
    lines = mlctl(project, "log").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["6", "5", "4", "3", "2", "1"]
    assert lines[0] == "6  2026-11-01 00:00  u  promote   stages/demand/production → demand@2"
    newest = mlctl(project, "log", "-n", "1").stdout.splitlines()
    assert [line.split() for line in newest] == [lines[0].split()]
    rides = mlctl(project, "log", "--name", "rides").stdout.splitlines()
    assert [line.split() for line in rides] == [lines[4].split()]


def shown(project, width, *, terminal=True):
    text = io.StringIO()
    decisions = log(Session(Repository.find(project), command="mlctl log"), LogRequest()).data
    render(decisions, Console(file=text, width=width, force_terminal=terminal, color_system=None))
    return text.getvalue().splitlines()


def test_who_decided_is_told_where_the_terminal_is_wide_enough(project):
    assert all(line.split()[3] == "u" for line in shown(project, 100))
    widest = max(map(len, shown(project, 100)))
    assert shown(project, widest) == shown(project, 100)
    narrow = shown(project, widest - 1)
    assert narrow[0] == "6  2026-11-01 00:00  promote   stages/demand/production → demand@2"
    assert shown(project, widest - 1, terminal=False) == shown(project, 100)


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

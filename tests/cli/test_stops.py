"""`mlctl freeze`, `unfreeze` and `retire` in a terminal and for programs."""

import json

import pytest

from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_a_frozen_stage_refuses_a_rollback_with_exit_40_until_it_moves_again(project):
    made = mlctl(project, "freeze", "demand@production", "--reason", "audit", "--until", "2099-01-07")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == "production of demand is frozen until 2099-01-07 00:00, decision 7\n"
    refused = mlctl(project, "rollback", "production", "--model", "demand", "--json")
    answer = json.loads(refused.stdout)
    assert refused.returncode == 40
    assert [reason["gate"] for reason in answer["error"]["facts"]["reasons"]] == ["frozen"]
    assert answer["data"]["changed"] is False
    assert "production is frozen by" in mlctl(project, "models").stdout
    assert mlctl(project, "unfreeze", "demand@production").stdout == (
        "production of demand moves again, decision 8\n"
    )
    assert mlctl(project, "rollback", "production", "--model", "demand").returncode == 0


def test_a_retired_version_is_shown_and_comes_back_by_undo(project):
    held = mlctl(project, "retire", "demand@2", "--reason", "old", "--json")
    assert (held.returncode, json.loads(held.stdout)["error"]["id"]) == (30, "name_moved")
    made = mlctl(project, "retire", "demand@1", "--reason", "old")
    assert (made.returncode, made.stdout) == (0, "demand@1 is retired, decision 7\n")
    assert "retired by" in mlctl(project, "models").stdout
    assert mlctl(project, "undo").returncode == 0
    assert "retired by" not in mlctl(project, "models").stdout

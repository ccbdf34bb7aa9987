"""`mlctl undo` in a terminal and for programs."""

import json

import pytest

from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_undo_says_what_it_took_back(project):
    done = mlctl(project, "undo", "--reason", "wrong ticket")
    assert done.returncode == 0
    assert done.stdout.startswith("decision 6 (promote) undone, by decision 7\n  stages/demand/production: ")
    data = json.loads(mlctl(project, "undo", "--json").stdout)["data"]
    assert (data["undone"], data["decision"], data["changed"]) == (5, 8, True)


def test_undo_of_a_name_that_moved_exits_30_with_a_hint_that_works(project):
    done = mlctl(project, "undo", "5", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["id"], error["exit"]) == (30, "name_moved", 30)
    (hint,) = error["hints"]
    assert mlctl(project, *hint.split()[1:]).returncode == 0
    assert mlctl(project, "undo", "5").returncode == 0


def test_a_dry_run_changes_nothing(project):
    assert mlctl(project, "undo", "--dry-run").stdout.startswith("would undo decision 6 (promote)")
    assert len(list((project / ".mlctl" / "decisions").iterdir())) == 6

"""`mlctl redo` in a terminal and for programs."""

import json

import pytest

from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_redo_brings_back_what_undo_took(project):
    mlctl(project, "undo")
    done = mlctl(project, "redo")
    assert done.returncode == 0
    assert done.stdout.startswith("decision 6 (promote) redone, by decision 8\n")
    nothing = mlctl(project, "redo", "--json")
    assert nothing.returncode == 20
    assert json.loads(nothing.stdout)["error"]["message"] == "there is nothing to redo: no decision is undone"

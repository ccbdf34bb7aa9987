"""`mlctl diff` in a terminal and for programs."""

import json

import pytest

from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_diff_prints_both_names_and_what_differs(project):
    done = mlctl(project, "diff", "demand@1", "demand@2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "demand@1 -> demand@2"
    same = mlctl(project, "diff", "demand@2", "demand@2")
    assert same.stdout.splitlines() == ["demand@2 -> demand@2", "nothing differs"]


def test_diff_as_json(project):
    document = json.loads(mlctl(project, "diff", "demand@1", "--json").stdout)
    assert document["ok"]
    assert document["data"]["old"]["label"] == "demand@1"
    assert {"changes", "metrics", "comparable", "different"} <= set(document["data"])

"""`mlctl fsck` in a terminal and for programs."""

import json

import pytest

from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


def test_a_clean_repository_exits_0(project):
    done = mlctl(project, "fsck")
    assert done.returncode == 0
    assert done.stdout.startswith("clean: ")


def test_a_damaged_object_exits_50_and_is_named(project):
    path = min((project / ".mlctl" / "objects").glob("*/*"))
    path.chmod(0o644)
    path.write_bytes(b"other")
    done = mlctl(project, "fsck", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["id"]) == (50, "corrupt")
    assert [problem["path"] for problem in error["facts"]["problems"]] == [str(path.relative_to(project))]
    assert str(path.relative_to(project)) in mlctl(project, "fsck").stderr


def test_a_missing_object_exits_51(project):
    next((project / ".mlctl" / "objects").glob("*/*")).unlink()
    assert mlctl(project, "fsck").returncode == 51

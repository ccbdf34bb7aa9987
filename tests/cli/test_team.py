"""A project and its remote in a terminal: `remote add`, `push`, `pull`, `fetch`, `clone`, `log drop`."""

import json
import subprocess
import sys

import pytest

from tests.store import full


def mlctl(folder, *argv):
    return subprocess.run(
        [sys.executable, "-m", "mlctl", *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
    )


def data(folder, *argv):
    done = mlctl(folder, *argv, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A project that is shared, and a clone of it."""
    folder = tmp_path_factory.mktemp("team")
    session = full.session(folder)
    dataset = full.add_dataset(session.repository)
    full.add_model(session.repository, dataset, 1)
    return folder


def test_a_remote_is_added_pushed_to_cloned_and_followed(team):
    project = team / "p"
    assert mlctl(project, "push").returncode == 20
    done = mlctl(project, "remote", "add", "origin", "../remote")
    assert done.stdout.startswith("remote origin ")
    assert "data, facts and decisions" in done.stdout
    assert "default" in mlctl(project, "remote", "ls").stdout
    assert mlctl(project, "push").stdout.startswith("3 decisions are on origin now")
    assert mlctl(project, "push").stdout == "nothing to push to origin\n"
    assert data(project, "push")["changed"] is False

    assert data(team, "clone", str(team / "remote"), "c")["decisions"] == 3
    clone = team / "c"
    assert mlctl(clone, "fetch").stdout == "nothing new on origin\n"
    assert data(clone, "pull")["changed"] is False
    assert mlctl(clone, "fsck").returncode == 0


def test_what_waits_is_shown_and_dropped(team):
    clone = team / "c"
    full.add_labels(full.Repository.find(clone))
    shown = mlctl(clone, "log", "--pending").stdout
    assert shown.startswith("p1 ")
    assert "not published" in shown
    row = data(clone, "log", "--pending")["decisions"][0]
    assert (row["number"], row["published"]) == (1_000_000_001, False)
    assert mlctl(clone, "show", "decision:p1").returncode == 0
    assert mlctl(clone, "log", "drop", "p1").stdout == "dropped p1\n"
    assert mlctl(clone, "log", "drop", "p1").returncode == 20
    assert mlctl(clone, "log", "--pending").stdout == "no decisions\n"
    assert mlctl(clone, "undo", "x1").returncode == 2


def test_a_version_is_starred_until_it_is_published(team):
    clone = team / "c"
    repository = full.Repository.find(clone)
    dataset = full.add_dataset(repository, 2)
    full.add_model(repository, dataset, 2)
    assert "  2* " in mlctl(clone, "models").stdout
    assert "rides@2*" in mlctl(clone, "data", "ls").stdout
    newest = mlctl(clone, "data", "log", "rides").stdout.splitlines()[1].split()
    assert ("rides@2*" in newest, "p1" in newest or "p2" in newest) == (True, True)
    versions = data(clone, "models")["models"][0]["versions"]
    assert [one["published"] for one in versions] == [True, False]
    assert mlctl(clone, "push").returncode == 0
    assert "*" not in mlctl(clone, "models").stdout


def test_a_remote_is_forgotten(team):
    assert ", in .dvc/config too" in mlctl(team / "c", "remote", "rm", "origin").stdout
    assert mlctl(team / "c", "remote", "ls").stdout == "no remotes\n"


def test_a_remote_that_has_lost_something_is_healed(team):
    project = team / "p"
    assert mlctl(project, "remote", "add", "origin", "../remote").returncode == 0
    assert mlctl(project, "push", "--verify").stdout == "origin holds all that was sent\n"
    lost = next((team / "remote/mlctl/facts/models").iterdir())
    lost.unlink()
    assert mlctl(project, "push").stdout == "nothing to push to origin\n"
    planned = data(project, "push", "--verify", "--dry-run")["again"]
    assert (planned["facts"], lost.exists()) == (1, False)
    assert mlctl(project, "push", "--verify").stdout == "origin lacked 1 facts and objects: sent again\n"
    assert lost.exists()

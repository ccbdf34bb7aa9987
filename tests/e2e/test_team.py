"""Two people with real models and real git on one remote: versions, racing promotions, a server's clone."""

import json
import subprocess

import pytest

from tests.e2e.projects import small

pytestmark = pytest.mark.slow


def git(folder, *arguments):
    named = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def pair(tmp_path):
    """Two clones of one project whose first version is shared."""
    ann = small(tmp_path / "ann")
    ann.data("init")
    ann.data("data", "add", "rides.csv")
    ann.data("train")
    ann.data("remote", "add", "origin", "../store")
    ann.data("push")
    git(ann.folder, "add", "--all")
    git(ann.folder, "commit", "--quiet", "--message", "shared")
    git(tmp_path, "clone", "--quiet", str(ann.folder), "bob")
    bob = type(ann)(tmp_path / "bob")
    assert bob.data("pull")["fetched"]["made"] is True
    return ann, bob


def test_two_people_promote_what_they_made_and_a_server_follows(pair, tmp_path):
    ann, bob = pair
    assert (bob.folder / "rides.csv").read_bytes() == (ann.folder / "rides.csv").read_bytes()
    made = [one.data("train", "--set", f"alpha={alpha}") for one, alpha in ((ann, 2.0), (bob, 3.0))]
    assert [(one["version"], one["published"]) for one in made] == [(2, False), (2, False)]

    first = ann.data("promote", "demand@2", "--force", "--reason", "mine")
    assert (first["version"], first["published"]) == (2, True)
    # the number that Bob typed is Ann's by now: his own version is what he meant
    programs = [one.start("promote", "demand@2", "--force", "--reason", "race", "--json") for one in (bob,)]
    answers = [json.loads(program.communicate(timeout=240)[0])["data"] for program in programs]
    assert [(one["version"], one["previous"], one["published"]) for one in answers] == [(3, 2, True)]

    clone = type(ann)(tmp_path)
    clone.data("clone", "store", "server", "--only", "demand@production")
    server = type(ann)(tmp_path / "server")
    assert server.data("models")["models"][0]["stages"] == {"production": 3}
    assert server.data("fsck")["clean"] is True

    assert bob.data("rollback")["version"] == 2
    ann.data("pull")
    server.data("pull")
    for one in (ann, bob, server):
        assert one.data("models")["models"][0]["stages"] == {"production": 2}
        assert one.data("fsck")["clean"] is True


def test_without_the_remote_a_promotion_waits_and_the_later_one_is_told(pair):
    ann, bob = pair
    store = ann.folder.parent / "store"
    away = store.rename(store.with_name("away"))
    for one, alpha in ((ann, 2.0), (bob, 3.0)):
        one.data("train", "--set", f"alpha={alpha}")
        assert one.data("promote", "demand@2", "--force", "--reason", "offline")["published"] is False
    away.rename(store)
    assert ann.data("push")["published"][-1]["kind"] == "promote"
    done = bob.run("push", "--json")
    assert done.returncode == 30
    waiting = json.loads(done.stdout)["error"]["facts"]["waiting"]
    assert [one["kind"] for one in waiting] == ["promote"]
    bob.data("log", "drop", waiting[0]["decision"])
    assert bob.data("promote", "demand@3", "--force", "--reason", "again")["previous"] == 2

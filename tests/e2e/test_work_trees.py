"""Several git work trees of one repository: one history, one cache, each its own branch and data."""

import json
import shutil

import pytest

from tests.e2e.dvc_both_ways import Place

pytestmark = pytest.mark.slow


@pytest.fixture
def main(tmp_path):
    """A project with one file, versioned twice and committed twice."""
    place = Place(tmp_path / "main")
    place.folder.mkdir()
    place.git("init", "--quiet", ".")
    place.mlctl("init")
    for text in (b"one", b"two"):
        (place.folder / "a.bin").write_bytes(text)
        place.mlctl("data", "add", "a.bin")
        place.commit(text.decode())
    return place


def linked(main, where, commit="HEAD"):
    main.git("worktree", "add", "--quiet", "--detach", str(where), commit)
    return Place(where)


def test_a_linked_work_tree_says_what_to_type(main, tmp_path):
    other = linked(main, tmp_path / "other")
    assert other.mlctl("data", "ls", expect=10)["error"]["hints"] == ["mlctl init"]
    inside = linked(main, main.folder / "trees" / "inside")
    assert inside.mlctl("data", "ls", expect=10)["error"]["hints"] == ["mlctl init"]


@pytest.mark.parametrize("where", ["../other", "trees/inside"])
def test_it_shares_history_and_cache_and_follows_its_own_branch(main, where):
    other = linked(main, (main.folder / where).resolve(), "HEAD~1")
    made = other.mlctl("init")["data"]
    assert made["created"] == [".dvc/config.local", ".mlctl/worktree"]
    assert str(main.folder) in made["notes"][0]
    assert other.git("status", "--porcelain") == ""
    other.mlctl("data", "checkout")
    assert (other.folder / "a.bin").read_bytes() == b"one"
    assert (main.folder / "a.bin").read_bytes() == b"two"
    assert other.mlctl_is_clean()
    assert other.dvc_is_clean()
    (other.folder / "a.bin").write_bytes(b"three")
    assert other.mlctl("data", "add")["data"]["added"] == ["a@3"]
    assert other.dvc_is_clean()
    assert len(main.mlctl("log")["data"]["decisions"]) == len(other.mlctl("log")["data"]["decisions"]) == 4
    main.mlctl("data", "checkout", "a@3")
    assert (main.folder / "a.bin").read_bytes() == b"three"
    assert not (other.folder / ".mlctl" / "cache").exists()
    for place in (main, other):
        assert place.mlctl("fsck")["data"]["clean"]
        assert place.mlctl("init")["data"]["changed"] is False
    assert json.loads(other.dvc("status", "--json")) == {}


def test_dvc_adds_and_checks_out_in_the_shared_cache(main, tmp_path):
    other = linked(main, tmp_path / "other")
    other.mlctl("init")
    (other.folder / "b.bin").write_bytes(b"by dvc")
    other.dvc("add", "--quiet", "b.bin")
    other.commit("b")
    main.git("merge", "--quiet", other.git("rev-parse", "HEAD").strip())
    main.mlctl("data", "checkout", "b")
    assert (main.folder / "b.bin").read_bytes() == b"by dvc"


def test_what_one_work_tree_has_added_is_not_missing_in_the_other(main, tmp_path):
    other = linked(main, tmp_path / "other")
    other.mlctl("init")
    (other.folder / "b.bin").write_bytes(b"only here")
    other.mlctl("data", "add", "b.bin")
    assert main.mlctl("data", "status", "--check")["data"]["clean"]


def test_a_project_in_a_subfolder_is_joined_at_the_same_place(tmp_path):
    whole, part = Place(tmp_path / "whole"), Place(tmp_path / "whole" / "part")
    part.folder.mkdir(parents=True)
    whole.git("init", "--quiet", ".")
    part.mlctl("init")
    (part.folder / "a.bin").write_bytes(b"one")
    part.mlctl("data", "add", "a.bin")
    whole.commit()
    linked(whole, tmp_path / "other")
    other = Place(tmp_path / "other" / "part")
    other.mlctl("init")
    other.mlctl("data", "checkout")
    assert (other.folder / "a.bin").read_bytes() == b"one"


def test_a_cache_of_dvc_is_shared_as_well(tmp_path):
    main = Place(tmp_path / "main")
    main.folder.mkdir()
    main.git("init", "--quiet", ".")
    main.dvc("init", "--quiet")
    (main.folder / "a.bin").write_bytes(b"one")
    main.dvc("add", "--quiet", "a.bin")
    main.mlctl("init")
    main.mlctl("data", "add")
    main.commit()
    other = linked(main, tmp_path / "other")
    other.mlctl("init")
    assert other.mlctl("data", "checkout")["data"]["datasets"][0]["fetched"] == 0
    assert (other.folder / "a.bin").read_bytes() == b"one"
    assert other.dvc_is_clean()


def test_a_store_that_has_gone_is_told_and_made_anew(main, tmp_path):
    other = linked(main, tmp_path / "other")
    other.mlctl("init")
    shutil.rmtree(main.folder / ".mlctl")
    gone = other.mlctl("data", "ls", expect=51)["error"]
    assert gone["hints"] == ["mlctl init"]
    other.mlctl("init")
    assert other.mlctl("data", "ls")["data"]["datasets"] == []


def test_an_older_branch_finds_moved_data_under_their_name(main, tmp_path):
    main.mlctl("data", "mv", "a.bin", "b.bin")
    main.commit("moved")
    other = linked(main, tmp_path / "other", "HEAD~1")
    other.mlctl("init")
    other.mlctl("data", "checkout", "a")
    states = {one["path"]: one["state"] for one in other.mlctl("data", "status")["data"]["datasets"]}
    assert states == {"a.bin": "clean"}

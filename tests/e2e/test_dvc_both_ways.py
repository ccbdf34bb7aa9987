"""The real dvc on what mlctl made and mlctl on what the real dvc made: equal byte for byte, case by case."""

import shutil

import pytest

from tests.e2e.dvc_both_ways import CASES, Place, below, write_cases

pytestmark = pytest.mark.slow


def started(folder, *, dvc=False):
    """A git repository with every case in its work tree."""
    folder.mkdir()
    place = Place(folder)
    place.git("init", "--quiet", ".")
    if dvc:
        place.dvc("init", "--quiet")
    return place, write_cases(folder)


def cloned(place, folder):
    place.git("clone", "--quiet", ".", str(folder))
    return Place(folder)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Made by mlctl, pushed by dvc to a folder."""
    top = tmp_path_factory.mktemp("ours")
    place, targets = started(top / "made")
    place.mlctl("init")
    place.mlctl("data", "add", "--", *targets)
    place.dvc("remote", "add", "--default", "store", str(top / "store"))
    place.commit()
    place.dvc("push", "--quiet")
    return place, targets


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Made by dvc, which pushed to a folder; then taken over."""
    top = tmp_path_factory.mktemp("theirs")
    place, targets = started(top / "made", dvc=True)
    place.dvc("add", "--quiet", "--", *targets)
    place.dvc("remote", "add", "--default", "store", str(top / "store"))
    place.commit()
    place.dvc("push", "--quiet")
    return place, targets


@pytest.fixture(scope="module")
def pulled(ours, tmp_path_factory):
    """A clone of what mlctl made, with the data pulled by dvc."""
    clone = cloned(ours[0], tmp_path_factory.mktemp("pulled") / "clone")
    clone.dvc("pull", "--quiet")
    return clone


@pytest.fixture(scope="module")
def restored(theirs, tmp_path_factory):
    """A clone of what dvc made, with the data restored by mlctl from dvc's remote."""
    clone = cloned(theirs[0], tmp_path_factory.mktemp("restored") / "clone")
    clone.mlctl("init")
    clone.mlctl("data", "add")
    return clone


@pytest.mark.parametrize("case", CASES)
def test_both_write_the_same_pointers_for(case, ours, theirs):
    mine, others = (
        {name: data for name, data in place.pointers().items() if name.startswith(f"cases/{case}/")}
        for place, _targets in (ours, theirs)
    )
    assert len(mine) == len([target for target in ours[1] if target.startswith(f"cases/{case}/")])
    assert mine == others


@pytest.mark.parametrize("case", CASES)
def test_dvc_pulls_what_mlctl_added_of(case, ours, pulled):
    assert below(pulled.folder / "cases" / case) == below(ours[0].folder / "cases" / case) != {}


def test_dvc_has_nothing_to_say_of_what_mlctl_added(ours):
    place, _targets = ours
    assert place.dvc_is_clean()
    assert "in sync" in place.dvc("status", "--cloud")
    assert "No unused" in place.dvc("gc", "--workspace", "--dry", "--force")


def test_dvc_adding_again_what_mlctl_added_writes_nothing(ours):
    place, targets = ours
    before = place.pointers()
    place.dvc("add", "--quiet", "--", *targets)
    assert place.pointers() == before
    assert place.git("status", "--porcelain") == ""


def test_dvc_checks_out_from_the_cache_of_mlctl(ours):
    place, _targets = ours
    before = below(place.folder / "cases")
    shutil.move(place.folder / "cases", place.folder.parent / "away")
    place.git("checkout", "--quiet", "--", "cases")
    place.dvc("checkout", "--quiet")
    assert below(place.folder / "cases") == before

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
    clone.mlctl("data", "checkout")
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


@pytest.mark.parametrize("case", CASES)
def test_mlctl_restores_what_dvc_added_of(case, theirs, restored):
    assert below(restored.folder / "cases" / case) == below(theirs[0].folder / "cases" / case) != {}


def test_what_dvc_added_is_taken_over_as_it_is(theirs, restored):
    place, targets = theirs
    assert restored.pointers() == place.pointers()
    changed = restored.git("status", "--porcelain", "--", "cases", ".dvc/config").splitlines()
    assert changed == [" M cases/trailing-space/.gitignore"]  # dvc's own line does not hide it from git
    assert restored.dvc_is_clean()
    assert restored.mlctl_is_clean()
    rows = restored.mlctl("data", "ls")["data"]["datasets"]
    assert sorted(row["path"] for row in rows) == sorted(targets)
    assert {row["version"] for row in rows} == {1}
    assert restored.mlctl("fsck")["data"]["clean"]


def test_taking_over_again_changes_nothing(restored):
    assert restored.mlctl("data", "add")["data"]["changed"] is False
    assert restored.mlctl("data", "checkout")["data"]["changed"] is False


# each below in a repository of its own, since settings and history matter


@pytest.fixture
def place(template, tmp_path):
    """A repository of dvc with a file and a folder, added and committed."""
    shutil.copytree(template, tmp_path / "made", symlinks=True)
    return Place(tmp_path / "made")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("template") / "made")
    made.folder.mkdir()
    made.git("init", "--quiet", ".")
    made.dvc("init", "--quiet")
    write(made, "data/a.bin", b"one")
    for name in ("1", "2", "deep/3"):
        write(made, f"data/d/{name}", name.encode())
    made.dvc("add", "--quiet", "data/a.bin", "data/d")
    made.commit()
    return made.folder


def write(place, path, data):
    file = place.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def took_over(place):
    place.mlctl("init")
    place.mlctl("data", "add")
    return place


def cached(folder):
    """Every file of a cache: its inode and when it was written."""
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()
    }


def test_taking_over_copies_nothing(place):
    before = cached(place.folder / ".dvc" / "cache")
    took_over(place)
    assert cached(place.folder / ".dvc" / "cache") == before
    assert list((place.folder / ".mlctl" / "cache").iterdir()) == []
    assert (place.folder / ".dvc" / "config").read_text() == ""
    assert place.mlctl("fsck")["data"]["clean"]


def test_each_goes_on_where_the_other_stopped(place):
    took_over(place)
    write(place, "data/a.bin", b"two")
    (place.folder / "data/d/1").unlink()
    (place.folder / "data/d/deep/3").rename(place.folder / "data/d/4")
    place.mlctl("data", "add")
    assert place.dvc_is_clean()
    place.commit("by mlctl")
    write(place, "data/a.bin", b"three")
    write(place, "data/d/5", b"5")
    place.dvc("add", "--quiet", "data/a.bin", "data/d")
    assert not place.mlctl_is_clean()
    assert place.mlctl("data", "add")["data"]["added"] == ["a@3", "d@3"]
    assert place.mlctl_is_clean()
    place.commit("by dvc")
    place.git("checkout", "--quiet", "HEAD~2")
    place.dvc("checkout", "--quiet")
    assert place.mlctl_is_clean()
    assert below(place.folder / "data") == {"a.bin": b"one", "d/1": b"1", "d/2": b"2", "d/deep/3": b"deep/3"}
    place.git("checkout", "--quiet", "-")
    place.mlctl("data", "checkout")
    assert place.dvc_is_clean()
    assert below(place.folder / "data") == {"a.bin": b"three", "d/2": b"2", "d/4": b"deep/3", "d/5": b"5"}


def test_what_dvc_moves_and_removes_is_followed(place):
    took_over(place)
    place.dvc("move", "data/a.bin", "data/b.bin")
    place.dvc("remove", "data/d.dvc")
    shutil.rmtree(place.folder / "data/d")
    place.mlctl("data", "add")
    assert place.dvc_is_clean()
    states = {one["path"]: one["state"] for one in place.mlctl("data", "status")["data"]["datasets"]}
    assert states == {"data/a.bin": "absent", "data/b.bin": "clean", "data/d": "absent"}


def test_a_description_and_other_keys_stay(place):
    pointer = place.folder / "data/a.bin.dvc"
    more = (
        "# whose\n"
        + pointer.read_text()
        + "  desc: 'rides: of \"2012\"'\n  remote: store\n  meta:\n    by: Ada\nmeta: {a: [1, 2]}\n"
    )
    pointer.write_text(more)
    took_over(place)
    assert pointer.read_text() == more
    write(place, "data/a.bin", b"two")
    place.mlctl("data", "add")
    ours = pointer.read_text()
    assert place.dvc_is_clean()
    pointer.write_text(more)
    place.dvc("add", "--quiet", "data/a.bin")
    assert ours == pointer.read_text()


def test_a_pointer_with_several_outs_and_a_wdir_is_read_and_left_to_dvc(place):
    write(place, "out/x.bin", b"x")
    write(place, "out/y.bin", b"y")
    (place.folder / "all.dvc").write_text("wdir: out\nouts:\n- path: x.bin\n- path: y.bin\n")
    place.dvc("commit", "--quiet", "--force", "all.dvc")
    text = (place.folder / "all.dvc").read_text()
    took_over(place)
    assert place.mlctl_is_clean()
    (place.folder / "out/x.bin").unlink()
    place.mlctl("data", "checkout", "x")
    assert (place.folder / "out/x.bin").read_bytes() == b"x"
    write(place, "out/y.bin", b"other")
    refused = place.mlctl("data", "add", "out/y.bin", expect=2)["error"]
    assert "all.dvc" in refused["message"]
    assert refused["hints"] == ["dvc commit all.dvc"]
    place.dvc("commit", "--quiet", "--force", "all.dvc")
    assert place.mlctl("data", "add", "out/y.bin")["data"]["added"] == ["y@2"]
    assert not (place.folder / "out/y.bin.dvc").exists()
    (place.folder / "out/y.bin").unlink()
    place.git("checkout", "--quiet", "--", ".")
    assert text != (place.folder / "all.dvc").read_text()


def test_a_pointer_whose_wdir_leads_up_is_found_and_left_to_dvc(place):
    write(place, "out/x.bin", b"x")
    (place.folder / "pipes/deep").mkdir(parents=True)
    (place.folder / "pipes/deep/all.dvc").write_text("wdir: ../../out\nouts:\n- path: x.bin\n")
    place.dvc("commit", "--quiet", "--force", "pipes/deep/all.dvc")
    took_over(place)
    assert place.mlctl_is_clean()
    assert place.mlctl("data", "add", "out/x.bin")["data"]["added"] == []
    assert not (place.folder / "out/x.bin.dvc").exists()
    (place.folder / "out/x.bin").unlink()
    place.mlctl("data", "get", "out/x.bin")
    assert (place.folder / "out/x.bin").read_bytes() == b"x"
    write(place, "out/x.bin", b"other")
    refused = place.mlctl("data", "add", "out/x.bin", expect=2)["error"]
    assert refused["hints"] == ["dvc commit pipes/deep/all.dvc"]
    place.mlctl("data", "checkout", "x", "--force")
    assert place.dvc_is_clean()


def test_outs_of_a_stage_are_datasets_and_their_lock_is_never_touched(place):
    (place.folder / "dvc.yaml").write_text(
        "stages:\n  double:\n    cmd: cat data/a.bin data/a.bin > out/twice.bin\n    deps: [data/a.bin]\n"
        "    outs: [out/twice.bin]\n  count:\n    wdir: out\n    cmd: wc -c < twice.bin > n.txt\n"
        "    deps: [twice.bin]\n    metrics:\n    - n.txt:\n        cache: false\n"
    )
    (place.folder / "out").mkdir()
    place.dvc("repro", "--quiet")
    place.commit("a pipeline")
    lock = (place.folder / "dvc.lock").read_text()
    took_over(place)
    assert place.mlctl("data", "add", "out/twice.bin")["data"]["added"] == ["twice@1"]
    assert place.mlctl_is_clean()
    assert not (place.folder / "out/twice.bin.dvc").exists()
    (place.folder / "out/twice.bin").unlink()
    place.mlctl("data", "checkout", "twice")
    assert (place.folder / "out/twice.bin").read_bytes() == b"oneone"
    write(place, "out/twice.bin", b"by hand")
    refused = place.mlctl("data", "add", "out/twice.bin", expect=2)["error"]
    assert "stage 'double'" in refused["message"]
    place.mlctl("data", "checkout", "twice", "--force")
    assert (place.folder / "dvc.lock").read_text() == lock
    assert place.dvc_is_clean()
    write(place, "data/a.bin", b"two")
    place.mlctl("data", "add", "data/a.bin")
    place.dvc("repro", "--quiet")
    assert place.mlctl("data", "add", "out/twice.bin")["data"]["added"] == ["twice@2"]
    refused = place.mlctl("data", "checkout", "twice@1", expect=2)["error"]
    assert "stage 'double'" in refused["message"]


def test_dvcignored_files_are_left_out_by_both(place):
    (place.folder / ".dvcignore").write_text("*.tmp\nscratch/\n!keep.tmp\n")
    for name in ("x.tmp", "keep.tmp", "scratch/y", "deep/z.tmp"):
        write(place, f"data/d/{name}", b"?")
    place.dvc("add", "--quiet", "data/d")
    pointer = (place.folder / "data/d.dvc").read_text()
    took_over(place)
    assert (place.folder / "data/d.dvc").read_text() == pointer
    write(place, "data/d/6", b"6")
    place.mlctl("data", "add", "data/d")
    ours = (place.folder / "data/d.dvc").read_text()
    place.dvc("add", "--quiet", "data/d")
    assert (place.folder / "data/d.dvc").read_text() == ours


def test_a_subfolder_of_a_git_repository(tmp_path):
    whole, place = Place(tmp_path), Place(tmp_path / "part" / "of")
    place.folder.mkdir(parents=True)
    whole.git("init", "--quiet", ".")
    place.dvc("init", "--quiet", "--subdir")
    write(place, "data/a.bin", b"one")
    place.dvc("add", "--quiet", "data/a.bin")
    whole.commit()
    took_over(place)
    write(place, "data/a.bin", b"two")
    place.mlctl("data", "add")
    assert place.dvc_is_clean()
    assert place.mlctl_is_clean()
    assert whole.git("status", "--porcelain", "--", "part/of/data").split() == ["M", "part/of/data/a.bin.dvc"]


def test_two_remotes_each_with_a_part(place, tmp_path):
    place.dvc("remote", "add", "--default", "one", str(tmp_path / "one"))
    place.dvc("remote", "add", "two", str(tmp_path / "two"))
    place.dvc("push", "--quiet", "data/a.bin.dvc")
    place.dvc("push", "--quiet", "--remote", "two", "data/d.dvc")
    place.commit("remotes")
    took_over(place)
    assert "in sync" in place.dvc("status", "--cloud", "data/a.bin")
    clone = cloned(place, tmp_path / "clone")
    clone.mlctl("init")
    assert clone.mlctl("data", "checkout", "a")["data"]["datasets"][0]["fetched"] == 1
    clone.mlctl("data", "checkout", "d", expect=62)
    clone.dvc("fetch", "--quiet", "--remote", "two")
    clone.mlctl("data", "checkout")
    assert below(clone.folder / "data") == below(place.folder / "data")


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_links_into_the_cache_as_dvc_makes_them(place, kind):
    place.dvc("config", "cache.type", kind)
    place.dvc("checkout", "--quiet", "--relink")
    took_over(place)
    assert place.mlctl_is_clean()
    assert place.dvc_is_clean()
    assert place.mlctl("fsck")["data"]["clean"]


def test_what_dvc_2_wrote_says_how_it_is_brought_up_to_date(place):
    pointer = place.folder / "data/a.bin.dvc"
    pointer.write_text(pointer.read_text().replace("  hash: md5\n", ""))
    (place.folder / "data/a.bin").write_bytes(b"a\r\n")
    place.mlctl("init")
    refused = place.mlctl("data", "add", "data/a.bin", expect=2)["error"]
    assert refused["hints"] == ["dvc cache migrate --dvc-files"]
    assert place.mlctl("data", "add")["warnings"]  # of the rest, with a word on this one


def test_dvc_keeps_what_mlctl_added_when_it_collects(place):
    took_over(place)
    write(place, "data/a.bin", b"two")
    place.mlctl("data", "add")
    place.commit("two")
    said = place.dvc("gc", "--all-commits", "--force")
    assert "No unused" in said
    assert place.mlctl("fsck")["data"]["clean"]


def test_a_file_inside_of_what_a_stage_makes_is_refused(place):
    (place.folder / "dvc.yaml").write_text(
        "stages:\n  make:\n    cmd: mkdir made && echo x > made/x.bin\n    outs: [made]\n"
    )
    place.dvc("repro", "--quiet")
    place.mlctl("init")
    refused = place.mlctl("data", "add", "made/x.bin", expect=2)["error"]
    assert "stage 'make'" in refused["message"]
    assert not (place.folder / "made/x.bin.dvc").exists()
    assert place.mlctl("data", "add", "made")["data"]["added"] == ["made@1"]
    assert place.dvc_is_clean()

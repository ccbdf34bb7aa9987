"""`data checkout`: bytes come back exactly, and nothing unversioned is lost."""

import shutil
import time

import pytest

from mlctl.domain.errors import Corrupt, NotFound, UsageError, WorkspaceDirty
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.workspace.dvc_cache import PREFIXES, DvcCache
from mlctl.workspace.dvc_files import read_pointer, read_settings
from mlctl.workspace.scan import read_file

OTHER = "id,day,temp,rides\n1,2026-01-01,1.5,3\n"


def checkout(project, dataset=None, **options):
    return data_checkout(project.session(), DataCheckoutRequest(dataset=dataset, **options)).data


@pytest.fixture
def two(project):
    """A project whose rides have two versions; the work tree holds the second."""
    project.first = (project.root / "data/rides.csv").read_bytes()
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", OTHER)
    data_add(project.session(), DataAddRequest())
    return project


def test_a_version_comes_back_byte_for_byte_with_its_pointer(two):
    result = checkout(two, "rides@1")
    assert (two.root / "data/rides.csv").read_bytes() == two.first
    assert read_pointer(two.root / "data/rides.csv.dvc").md5 == result.datasets[0].md5
    assert result.datasets[0].written == ("data/rides.csv", "data/rides.csv.dvc")
    assert result.changed


def test_the_second_time_is_unchanged(two):
    checkout(two, "rides@1")
    assert not checkout(two, "rides@1").changed
    assert not checkout(two).changed


def test_a_bare_name_means_what_the_pointer_names(two):
    checkout(two, "rides@1")
    (two.root / "data/rides.csv").unlink()
    assert checkout(two, "rides").datasets[0].version == 1
    assert (two.root / "data/rides.csv").read_bytes() == two.first


def test_latest_means_the_newest_version(two):
    checkout(two, "rides@1")
    assert checkout(two, "rides@latest").datasets[0].version == 2


def test_without_a_pointer_the_newest_version_comes(two):
    (two.root / "data/rides.csv").unlink()
    (two.root / "data/rides.csv.dvc").unlink()
    assert checkout(two).datasets[0].version == 2
    assert (two.root / "data/rides.csv").read_text() == OTHER


def test_unversioned_bytes_are_not_overwritten(two):
    two.write("data/rides.csv", "precious")
    with pytest.raises(WorkspaceDirty, match=r"data/rides\.csv: no version holds these bytes") as caught:
        checkout(two, "rides@1")
    assert (two.root / "data/rides.csv").read_text() == "precious"
    assert caught.value.hints[0] == "mlctl data add data/rides.csv"
    checkout(two, "rides@1", force=True)
    assert (two.root / "data/rides.csv").read_bytes() == two.first


def test_bytes_that_are_in_the_cache_without_a_version_are_not_overwritten(two):
    two.write("data/rides.csv", "id,day,temp,rides\n")  # no table: brought in, then refused
    with pytest.raises(Exception, match="no rows"):
        data_add(two.session(), DataAddRequest())
    with pytest.raises(WorkspaceDirty):
        checkout(two, "rides@1")


def test_a_dry_run_says_what_would_be_written(two):
    result = checkout(two, "rides@1", dry_run=True)
    assert result.datasets[0].written == ("data/rides.csv",)
    assert (two.root / "data/rides.csv").read_text() == OTHER


def test_a_folder_loses_what_it_did_not_have_and_gets_back_what_it_had(project):
    for name in ("a/1.txt", "b.txt"):
        project.write(f"img/{name}", name)
    data_add(project.session(), DataAddRequest(paths=("img",)))
    (project.root / "img/a/1.txt").unlink()
    project.write("img/c/new.txt", "new")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    result = checkout(project, "img@1")
    assert sorted(str(path.relative_to(project.root)) for path in project.root.glob("img/**/*.txt")) == [
        "img/a/1.txt", "img/b.txt",
    ]  # fmt: skip
    assert not (project.root / "img/c").exists()
    assert result.datasets[0].removed == ("img/c/new.txt",)


def test_a_new_file_in_a_folder_is_not_removed_unasked(project):
    project.write("img/a.txt", "a")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    project.write("img/b.txt", "precious")
    with pytest.raises(WorkspaceDirty, match=r"img/b\.txt"):
        checkout(project, "img")
    assert (project.root / "img/b.txt").read_text() == "precious"


def test_a_damaged_cached_file_is_not_restored(two):
    md5 = checkout(two, "rides@1", dry_run=True).datasets[0].md5
    cached = two.root / ".mlctl/cache/files/md5" / md5[:2] / md5[2:]
    cached.chmod(0o644)
    cached.write_bytes(b"damaged")
    with pytest.raises(Corrupt):
        checkout(two, "rides@1")
    assert (two.root / "data/rides.csv").read_text() == OTHER


def test_bytes_that_are_nowhere_are_told(two):
    shutil.rmtree(two.root / ".mlctl/cache/files")
    with pytest.raises(NotFound, match="no remote to fetch it from"):
        checkout(two, "rides@1")


def test_names_that_mean_nothing_are_told(project):
    with pytest.raises(NotFound):
        checkout(project, "rides@7")
    with pytest.raises(NotFound, match="no dataset has"):
        checkout(project)


def test_a_frozen_dataset_has_no_place_in_the_work_tree(project, freeze):
    freeze("demand-served", {"id": [1]})
    with pytest.raises(UsageError, match="frozen"):
        checkout(project, "demand-served@1")


def test_what_the_cache_has_lost_since_is_told_before_anything_is_written(project, monkeypatch):
    for number in range(20):
        project.write(f"images/{number:02}.txt", f"picture {number}")
    for prefix in PREFIXES:  # a folder that is not there is not trusted
        (read_settings(project.root).cache / "files/md5" / prefix).mkdir(parents=True)
    for _ in range(2):  # the second one finds all of it in the cache, and remembers that
        data_add(project.session(), DataAddRequest(paths=("images",)))
        time.sleep(0.2)  # what has just changed is not trusted
    before = {path.name: path.read_text() for path in (project.root / "images").iterdir()}
    looked = []
    lacking = DvcCache.lacking
    monkeypatch.setattr(DvcCache, "lacking", lambda cache, names: looked.append(1) or lacking(cache, names))
    for _ in range(2):
        shutil.rmtree(project.root / "images")
        assert len(checkout(project, "images").datasets[0].written) == len(before)
    assert looked == []
    assert {path.name: path.read_text() for path in (project.root / "images").iterdir()} == before
    cache = DvcCache(read_settings(project.root).cache)
    time.sleep(0.02)
    cache.path(read_file(project.root / "images/19.txt").hashes.md5).unlink()
    shutil.rmtree(project.root / "images")
    with pytest.raises(NotFound, match="does not hold"):
        checkout(project, "images")
    assert looked
    assert not (project.root / "images").exists()

"""`cache.type` and `cache.shared` of DVC: links into the cache, and a cache that a group writes to."""

import os
import subprocess
import time

import pytest

from mlctl.domain.errors import Corrupt
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_status import data_status
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.hashing import stamp_of
from mlctl.workspace.restoring import Restorer
from tests.e2e.projects import environment, forked

LINKS = ["hardlink", "symlink"]


@pytest.fixture(params=LINKS)
def linked(project, request):
    """A folder and a file, in a project whose cache is linked."""
    with (project.root / ".dvc/config").open("a") as file:
        file.write(f"    type = {request.param},copy\n")
    project.write("img/a/1.txt", "one")
    project.write("img/2.txt", "two")
    project.write("img/none", "")
    project.write("one.bin", "three")
    return project


def add(project, *paths):
    return data_add(project.session(), DataAddRequest(paths=paths))


def state(project):
    return {one.name: one.state for one in data_status(project.session(), DataStatusRequest()).data.datasets}


def object_of(project, path):
    cache = DvcCache(read_settings(project.root).cache)
    (found,) = [name for name in cache.everything() if cache.path(name).samefile(project.root / path)] or [
        None
    ]
    return cache.path(found) if found else None


def dvc(folder, *arguments):
    done = forked("dvc", *arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_was_added_is_a_link_to_a_read_only_object(linked):
    add(linked, "img", "one.bin")
    for path in ("img/a/1.txt", "img/2.txt", "one.bin"):
        assert object_of(linked, path).stat().st_mode & 0o777 == 0o444
    assert not (linked.root / "img/none").is_symlink()
    assert {state(linked)[name] for name in ("img", "one")} == {"clean"}
    assert add(linked, "img", "one.bin").data.changed is False


def test_a_checkout_makes_links_too_and_the_next_status_is_clean(linked):
    add(linked, "img", "one.bin")
    for path in ("img/a/1.txt", "img/2.txt", "img/none", "one.bin"):
        (linked.root / path).unlink()
    data_checkout(linked.session(), DataCheckoutRequest(dataset="img"))
    data_checkout(linked.session(), DataCheckoutRequest(dataset="one"))
    assert object_of(linked, "img/a/1.txt") is not None
    assert object_of(linked, "one.bin") is not None
    assert (linked.root / "img/none").read_bytes() == b""
    assert {state(linked)[name] for name in ("img", "one")} == {"clean"}


def test_who_changes_a_linked_file_by_force_is_noticed_and_nobody_is_served_it(linked):
    add(linked, "img")
    target = (linked.root / "img/2.txt").resolve()
    target.chmod(0o644)
    target.write_text("2wo")
    assert state(linked)["img"] == "modified"
    (linked.root / "img/2.txt").unlink()
    with pytest.raises(Corrupt):
        data_checkout(linked.session(), DataCheckoutRequest(dataset="img", force=True))
    linked.write("img/2.txt", "two")
    assert add(linked, "img").data.added == ()
    assert (linked.root / "img/2.txt").read_text() == "two"
    assert state(linked)["img"] == "clean"


def test_a_file_that_is_changed_after_it_was_read_is_not_replaced_by_a_link(project):
    project.write("one.bin", "three")
    add(project, "one.bin")
    (name,) = DvcCache(read_settings(project.root).cache).everything()
    old = stamp_of((project.root / "one.bin").stat())
    time.sleep(0.02)
    project.write("one.bin", "other")
    restorer = Restorer(str(project.root), str(read_settings(project.root).cache), ".dvc/tmp", ("hardlink",))
    (answer,) = restorer.do([(name, "one.bin", old, None)])
    assert answer[3] is None
    assert (project.root / "one.bin").read_text() == "other"


@pytest.mark.slow
def test_the_real_dvc_finds_linked_data_up_to_date_and_mlctl_what_dvc_has_linked(linked):
    add(linked, "img")
    assert "up to date" in dvc(linked.root, "status")
    linked.write("more/x", "xx")
    linked.write("more/y/z", "yy")
    dvc(linked.root, "add", "-q", "more")
    dvc(linked.root, "checkout", "-q", "--relink", "more.dvc")
    assert object_of(linked, "more/x") is not None
    (row,) = add(linked, "more").data.datasets
    assert (row.name, row.bytes) == ("more", 4)
    assert state(linked)["more"] == "clean"


@pytest.mark.slow
def test_a_cache_outside_serves_two_projects_and_its_folders_are_the_group_s(project, tmp_path):
    shared = tmp_path / "team"
    config = project.root / ".dvc/config"
    config.write_text(f"[cache]\n    dir = {shared}\n    shared = group\n")
    project.write("img/1", "one")
    before = os.umask(0o077)
    try:
        add(project, "img")
    finally:
        os.umask(before)
    for path in shared.rglob("*"):
        assert path.stat().st_mode & 0o7777 == (0o2775 if path.is_dir() else 0o444), path
    other = tmp_path / "other"
    other.mkdir()
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    dvc(other, "init", "-q")
    (other / ".dvc/config").write_text(config.read_text())
    (other / "img.dvc").write_bytes((project.root / "img.dvc").read_bytes())
    dvc(other, "checkout", "-q")
    assert (other / "img/1").read_text() == "one"

"""`data rm`: pointer and ignore line go, versions and bytes stay, and nothing unversioned is lost."""

import pytest

from mlctl.domain.errors import NotFound, WorkspaceDirty
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_log import DataLogRequest
from mlctl.domain.requests.data_rm import DataRmRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_log import data_log
from mlctl.verbs.data_rm import data_rm
from mlctl.verbs.data_status import data_status


def remove(project, *names, **options):
    return data_rm(project.session(), DataRmRequest(names=names, **options))


@pytest.fixture
def two(project):
    """Two folders side by side."""
    for name in ("img/a/1.txt", "img/2.txt", "other/3.txt"):
        project.write(f"in/{name}", name)
    data_add(project.session(), DataAddRequest(paths=("in/img", "in/other")))
    return project


def test_pointer_and_ignore_line_go_and_the_rest_stays(two):
    result = remove(two, "img").data
    (one,) = result.datasets
    assert (one.removed, one.written, one.data_removed) == (("in/img.dvc",), ("in/.gitignore",), 0)
    assert (two.root / "in/img/a/1.txt").read_text() == "img/a/1.txt"
    assert (two.root / "in/.gitignore").read_text() == "/other\n"
    assert len(data_log(two.session(), DataLogRequest(name="img")).data.versions) == 1
    assert not remove(two, "img").data.changed
    remove(two, "other")
    assert not (two.root / "in/.gitignore").exists()


def test_with_files_the_work_tree_is_emptied_and_checkout_brings_all_back(two):
    outcome = remove(two, "in/img", files=True)
    assert outcome.data.datasets[0].data_removed == 2
    assert not (two.root / "in/img").exists()
    assert outcome.next == ("mlctl data checkout img",)
    data_checkout(two.session(), DataCheckoutRequest(dataset="img"))
    assert (two.root / "in/img/a/1.txt").read_text() == "img/a/1.txt"
    assert (two.root / "in/img.dvc").is_file()
    states = {one.name: one.state for one in data_status(two.session(), DataStatusRequest()).data.datasets}
    assert states["img"] == "clean"


def test_files_that_no_version_holds_are_not_removed(two):
    two.write("in/img/new.txt", "new")
    with pytest.raises(WorkspaceDirty, match=r"in/img/new\.txt") as caught:
        remove(two, "other", "img", files=True)
    assert (two.root / "in/other/3.txt").exists()
    assert (two.root / "in/other.dvc").exists()
    assert caught.value.hints == ("mlctl data add in/img", "mlctl data rm img --files --force")
    remove(two, "img", files=True, force=True)
    assert not (two.root / "in/img").exists()


def test_a_dry_run_changes_nothing(two):
    one = remove(two, "img", files=True, dry_run=True).data.datasets[0]
    assert (one.removed, one.data_removed) == (("in/img.dvc",), 2)
    assert (two.root / "in/img.dvc").exists()
    assert (two.root / "in/img/2.txt").exists()


def test_one_that_was_killed_is_finished(two):
    (two.root / "in/img/2.txt").unlink()
    (two.root / "in/.gitignore").write_text("/other\n")
    one = remove(two, "img", files=True).data.datasets[0]
    assert one.data_removed == 1
    assert not (two.root / "in/img").exists()
    assert not (two.root / "in/img.dvc").exists()


def test_declared_data_are_told_and_unknown_ones_refused(project):
    data_add(project.session(), DataAddRequest())
    assert "[data.rides]" in remove(project, "rides").warnings[0]
    with pytest.raises(NotFound):
        remove(project, "nothing")

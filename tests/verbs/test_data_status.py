"""`data status`: every state that a dataset's place can be in."""

import os

import pytest

from mlctl.domain.errors import NotFound, WouldChange
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_status import data_status
from mlctl.verbs.status import status
from mlctl.verbs.undo import undo


def state(project):
    (found,) = data_status(project.session(), DataStatusRequest()).data.datasets
    return found


def test_declared_data_without_a_version_are_new(project):
    found = state(project)
    assert (found.state, found.version, found.newest, found.next) == (
        "new",
        None,
        None,
        "mlctl data add data/rides.csv",
    )


def test_added_data_are_clean(project):
    data_add(project.session(), DataAddRequest())
    assert (state(project).state, state(project).version) == ("clean", 1)
    assert data_status(project.session(), DataStatusRequest(check=True)).data.clean


def test_a_changed_file_is_modified(project):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", "id\n1\n")
    assert (state(project).state, state(project).why) == ("modified", "it differs from rides@1")


def test_a_removed_file_is_missing_and_checkout_is_next(project):
    data_add(project.session(), DataAddRequest())
    (project.root / "data/rides.csv").unlink()
    assert (state(project).state, state(project).next) == ("missing", "mlctl data checkout rides")


def test_neither_file_nor_pointer_is_gone(project):
    (project.root / "data/rides.csv").unlink()
    assert state(project).state == "gone"


def test_a_pointer_whose_version_was_withdrawn_is_unversioned(project):
    data_add(project.session(), DataAddRequest())
    undo(project.session(), UndoRequest())
    assert state(project).state == "unversioned"


def test_a_lost_pointer_is_a_modification(project):
    data_add(project.session(), DataAddRequest())
    (project.root / "data/rides.csv.dvc").unlink()
    assert (state(project).state, state(project).why) == ("modified", "its pointer is gone")


def test_an_older_version_is_clean_and_the_newest_is_told(project):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    data_add(project.session(), DataAddRequest())
    data_checkout(project.session(), DataCheckoutRequest(dataset="rides@1"))
    found = state(project)
    assert (found.state, found.version, found.newest) == ("clean", 1, 2)


def test_data_that_the_spec_does_not_declare_are_looked_at_too(project):
    project.write("img/a.txt", "x")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    project.write("img/b.txt", "y")
    states = {
        found.name: found.state for found in data_status(project.session(), DataStatusRequest()).data.datasets
    }
    assert states == {"rides": "new", "img": "modified"}


def test_check_is_exit_43_with_everything_that_differs(project):
    with pytest.raises(WouldChange, match=r"data/rides\.csv \(new\)") as caught:
        data_status(project.session(), DataStatusRequest(check=True))
    assert caught.value.exit_code == 43
    assert caught.value.data.datasets[0].state == "new"
    assert caught.value.hints == ("mlctl data add data/rides.csv",)


def test_only_what_is_named_is_looked_at(project):
    project.write("one/1.txt", "one")
    project.write("two/2.txt", "two")
    data_add(project.session(), DataAddRequest(paths=("one", "two")))
    project.write("two/2.txt", "other")

    def states(*names):
        found = data_status(project.session(), DataStatusRequest(names=names, check=True))
        return [(state.name, state.state) for state in found.data.datasets]

    assert states("one") == [("one", "clean")]
    assert states(str(project.root / "one")) == [("one", "clean")]
    with pytest.raises(WouldChange):
        states("one", "two")
    with pytest.raises(NotFound, match="did you mean 'two'"):
        states("twoo")


def _unreadable_by_a_link(folder):
    (folder / "link").symlink_to("/nowhere")
    return folder / "link", "is a symbolic link", "ls -lb b/link"


def _unreadable_by_its_name(folder):
    (folder / "li\nne").touch()
    return folder / "li\nne", "has a line break in its name", "ls -lb b"


def _unreadable_by_its_kind(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe", "is neither a file nor a folder", "ls -lb b/pipe"


@pytest.mark.parametrize("spoil", [_unreadable_by_a_link, _unreadable_by_its_name, _unreadable_by_its_kind])
def test_a_folder_that_cannot_be_read_is_told_and_hides_no_other(project, monkeypatch, spoil):
    monkeypatch.chdir(project.root)
    for path in ("a/1.txt", "b/1.txt"):
        project.write(path, path)
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("a", "b")))
    in_the_way, why, then = spoil(project.root / "b")
    found = {one.name: one for one in data_status(project.session(), DataStatusRequest()).data.datasets}
    assert [found[name].state for name in ("rides", "a", "b")] == ["clean", "clean", "unreadable"]
    assert why in found["b"].why
    assert (found["b"].version, found["b"].next) == (1, then)
    with pytest.raises(WouldChange) as refused:
        data_status(project.session(), DataStatusRequest(check=True))
    assert refused.value.message == "1 of 3 datasets are not clean: b (unreadable)"
    assert refused.value.hints == (then,)
    seen = {one.name: one for one in status(project.session(), StatusRequest()).data.datasets}
    assert [seen[name].state for name in ("rides", "a", "b")] == ["fresh", "fresh", "unreadable"]
    (stale,) = seen["b"].stale
    assert why in stale.why
    in_the_way.unlink()
    assert data_status(project.session(), DataStatusRequest(check=True)).data.clean


def test_a_folder_without_files_is_told_and_hides_no_other(project, monkeypatch):
    monkeypatch.chdir(project.root)
    project.write("b/1.txt", "1")
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("b",)))
    (project.root / "b/1.txt").unlink()
    found = {one.name: one for one in data_status(project.session(), DataStatusRequest()).data.datasets}
    assert (found["rides"].state, found["b"].state) == ("clean", "unreadable")
    assert found["b"].next == "mlctl data checkout b"
    data_checkout(project.session(), DataCheckoutRequest(dataset="b"))
    assert data_status(project.session(), DataStatusRequest(check=True)).data.clean

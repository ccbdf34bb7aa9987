"""A piece added to a tracked folder: only it is read, and the whole has a new version."""

import pytest

from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_diff import DataDiffRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_diff import data_diff
from mlctl.verbs.data_status import data_status
from mlctl.workspace.dvc_files import read_pointer
from mlctl.workspace.hashing import stamp_of


def add(project, *paths, **options):
    return data_add(project.session(), DataAddRequest(paths=paths, **options)).data


def state(project, name="log"):
    found = data_status(project.session(), DataStatusRequest()).data.datasets
    return next((one.state, one.version) for one in found if one.name == name)


@pytest.fixture
def log(project):
    """A folder with two days."""
    for day in (1, 2):
        for part in "ab":
            project.write(f"log/day={day}/{part}.txt", f"{day}{part}")
    add(project, "log")
    return project


def test_a_new_day_is_a_new_version_of_the_whole(log):
    log.write("log/day=3/a.txt", "3a")
    log.write("log/day=3/b.txt", "3b")
    result = add(log, "log/day=3")
    assert (result.added, result.files) == (("log@2",), ("log.dvc",))
    assert read_pointer(log.root / "log.dvc").nfiles == 6
    assert state(log) == ("clean", 2)
    diff = data_diff(log.session(), DataDiffRequest(old="log@1", new="log@2")).data
    assert [(one.change, one.path) for one in diff.files] == [
        ("added", "day=3/a.txt"), ("added", "day=3/b.txt"),
    ]  # fmt: skip
    assert not add(log, "log/day=3").changed
    assert not add(log, "log").changed, "the same version as of the whole"


def test_nothing_else_is_read_or_taken(log):
    log.write("log/day=1/a.txt", "changed meanwhile")
    log.write("log/day=0/new.txt", "new meanwhile")
    log.write("log/day=3/a.txt", "3a")
    heard = []
    session = log.session()
    session.report = heard.append
    assert data_add(session, DataAddRequest(paths=("log/day=3",))).data.added == ("log@2",)
    assert {event.step for event in heard} == {"hash log/day=3"}
    diff = data_diff(log.session(), DataDiffRequest(old="log")).data
    assert {(one.change, one.path) for one in diff.files} == {
        ("changed", "day=1/a.txt"), ("added", "day=0/new.txt"),
    }  # fmt: skip


def test_one_file_can_be_added_and_a_changed_piece_too(log):
    log.write("log/readme.txt", "read me")
    log.write("log/day=2/a.txt", "2A")
    (log.root / "log/day=2/b.txt").unlink()
    assert add(log, "log/readme.txt", "log/day=2").added == ("log@2", "log@3")
    assert state(log) == ("clean", 3)
    assert read_pointer(log.root / "log.dvc").nfiles == 4


def test_what_was_added_is_known_to_the_whole_too(log):
    file = log.write("log/day=3/a.txt", "3a")
    log.quiet("log/day=3/a.txt")
    add(log, "log/day=3")
    path = "log/day=3/a.txt"
    (row,) = memory_of(log.session()).recall(path, path).values()
    assert row[1:5] == stamp_of(file.stat())


def test_a_dry_run_changes_nothing(log):
    log.write("log/day=3/a.txt", "3a")
    result = add(log, "log/day=3", dry_run=True)
    assert (result.added, result.files, result.datasets[0].bytes) == (("log@2",), ("log.dvc",), 10)
    assert state(log) == ("modified", 1)


def test_what_cannot_be_added_is_told(log):
    with pytest.raises(NotFound):
        add(log, "log/day=9")
    with pytest.raises(UsageError, match="part of log"):
        add(log, "log/day=1", name="other")
    (log.root / "log/day=4").mkdir()
    (log.root / "log/day=4/link").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="symbolic link"):
        add(log, "log/day=4")
    assert read_pointer(log.root / "log.dvc").nfiles == 4


def test_declared_parts_get_their_versions_too(log):
    spec = (log.root / "mlctl.toml").read_text()
    log.write("mlctl.toml", f'{spec}\n[data.second]\npath = "log/day=2"\n')
    add(log, "log")
    log.write("log/day=2/c.txt", "2c")
    assert add(log, "log/day=2").added == ("log@2", "second@2")
    assert state(log, "second") == ("clean", 2)

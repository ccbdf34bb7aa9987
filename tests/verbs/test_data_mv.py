"""`data mv`: data, pointer, ignore line and version move together; a killed move is finished by the next."""

import pytest

from mlctl.domain.errors import AlreadyExists, NotFound, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_import import DataImportRequest
from mlctl.domain.requests.data_mv import DataMvRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.data_update import DataUpdateRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs import data_mv as module
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_import import data_import
from mlctl.verbs.data_mv import data_mv
from mlctl.verbs.data_status import data_status
from mlctl.verbs.data_update import data_update
from mlctl.verbs.undo import undo
from mlctl.workspace.dvc_files import load_yaml


def move(project, old, new, **options):
    return data_mv(project.session(), DataMvRequest(old=old, new=new, **options))


def states(project):
    return {
        one.path: one.state
        for one in data_status(project.session(), DataStatusRequest()).data.datasets
        if one.name != "rides"
    }


@pytest.fixture
def folder(project):
    """A folder with a version."""
    for name in ("a/1.txt", "2.txt"):
        project.write(f"img/{name}", name)
    data_add(project.session(), DataAddRequest(paths=("img",)))
    return project


def is_whole(project, place):
    root = project.root
    assert (root / place / "a/1.txt").read_text() == "a/1.txt"
    assert f"path: {place.rpartition('/')[2]}\n" in (root / f"{place}.dvc").read_text()
    assert f"/{place.rpartition('/')[2]}\n" in (root / place).parent.joinpath(".gitignore").read_text()
    assert states(project) == {place: "clean"}


def test_a_folder_moves_with_all_that_belongs_to_it(folder):
    before = (folder.root / "img/2.txt").stat().st_ino
    result = move(folder, "img", "data/pictures").data
    assert (result.old, result.new, result.version, result.changed) == ("img", "data/pictures", 2, True)
    assert set(result.removed) <= {"img.dvc", ".gitignore"}
    assert not (folder.root / "img").exists()
    assert not (folder.root / "img.dvc").exists()
    assert "/img" not in (folder.root / ".gitignore").read_text().splitlines()
    assert (folder.root / "data/pictures/2.txt").stat().st_ino == before
    is_whole(folder, "data/pictures")


def test_the_second_time_is_unchanged(folder):
    move(folder, "img", "data/pictures")
    before = folder.decisions()
    assert not move(folder, "img", "data/pictures").data.changed
    data_add(folder.session(), DataAddRequest(paths=("data/rides.csv",)))
    project_decisions = folder.decisions()
    move(folder, "data/rides.csv", "kept/rides.csv")
    assert not move(folder, "data/rides.csv", "kept/rides.csv").data.changed
    assert (before, folder.decisions()) == (3, project_decisions + 1)


def test_a_folder_that_exists_takes_them_in(folder):
    (folder.root / "archive").mkdir()
    assert move(folder, "img", "archive").data.new == "archive/img"
    is_whole(folder, "archive/img")


def test_versions_go_on_under_the_same_name(folder):
    move(folder, "img", "pictures")
    folder.write("pictures/3.txt", "three")
    added = data_add(folder.session(), DataAddRequest(paths=("pictures",))).data.added
    assert added == ("img@3",)
    data_checkout(folder.session(), DataCheckoutRequest(dataset="img@1"))
    assert sorted(path.name for path in (folder.root / "pictures").iterdir()) == ["2.txt", "a"]
    undo_of = folder.decisions()
    undo(folder.session(), UndoRequest())
    assert folder.decisions() == undo_of + 1


def test_what_is_in_the_way_stops_it(folder):
    folder.write("there/x", "x")
    folder.write("file", "x")
    for target in ("file", "img/deeper"):
        with pytest.raises((AlreadyExists, UsageError)):
            move(folder, "img", target)
    with pytest.raises(UsageError):
        move(folder, "img", "../outside")
    with pytest.raises(NotFound):
        move(folder, "nothing", "x")
    with pytest.raises(NotFound, match="not tracked"):
        move(folder, "rides", "x.csv")
    is_whole(folder, "img")


def test_a_dry_run_changes_nothing(folder):
    assert move(folder, "img", "pictures", dry_run=True).data.written == ("pictures.dvc",)
    is_whole(folder, "img")


def test_declared_data_are_told(project):
    data_add(project.session(), DataAddRequest())
    outcome = move(project, "rides", "data/all.csv")
    assert outcome.warnings == (
        'mlctl.toml declares data/rides.csv: set path = "data/all.csv" in [data.rides]',
    )


@pytest.mark.parametrize("step", ["write_whole", "_rename", "unignore_in_git", "give_number"])
def test_a_move_that_was_killed_is_finished(folder, monkeypatch, step):
    class Killed(BaseException):
        pass

    def die(*_arguments, **_more):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(module, step, die)
        with pytest.raises(Killed):
            move(folder, "img", "data/pictures")
    held = [folder.root / place / "a/1.txt" for place in ("img", "data/pictures")]
    assert [path.read_text() for path in held if path.exists()] == ["a/1.txt"]
    assert move(folder, "img", "data/pictures").data.version == 2
    is_whole(folder, "data/pictures")
    assert not (folder.root / "img.dvc").exists()
    assert "/img" not in (folder.root / ".gitignore").read_text().splitlines()


def test_moved_imports_still_know_their_source(project, tmp_path):
    outside = tmp_path / "x.csv"
    outside.write_text("a\n1\n")
    data_import(project.session(), DataImportRequest(source=str(outside)))
    move(project, "x", "deep/er/y.csv")
    assert load_yaml(project.root / "deep/er/y.csv.dvc")["deps"][0]["path"] == str(outside)
    assert not data_update(project.session(), DataUpdateRequest()).data.changed
    outside.write_text("a\n1\n2\n")
    assert data_update(project.session(), DataUpdateRequest()).data.datasets[0].version == 3


def test_nothing_that_was_moved_is_read_again(folder):
    folder.write("one.bin", "one")
    for path in ("img/2.txt", "img/a/1.txt", "one.bin"):
        folder.quiet(path)
    data_add(folder.session(), DataAddRequest(paths=("img", "one.bin")))
    states(folder)
    move(folder, "img", "pictures")
    move(folder, "one.bin", "deep/two.bin")
    heard = []
    session = folder.session()
    session.report = heard.append
    found = data_status(session, DataStatusRequest()).data.datasets
    assert {one.state for one in found if one.name != "rides"} == {"clean"}
    assert not [event.step for event in heard if event.step.startswith("hash")]

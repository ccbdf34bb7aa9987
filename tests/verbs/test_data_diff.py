"""`data diff`: files added, removed, changed and renamed, between versions and against the work tree."""

import shutil

import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_diff import DataDiffRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_diff import data_diff
from mlctl.verbs.undo import undo
from tests.verbs import folders


def add(project, *paths):
    return data_add(project.session(), DataAddRequest(paths=paths))


def diff(project, *sides, **options):
    old, new = (*sides, None, None)[:2]
    return data_diff(project.session(), DataDiffRequest(old=old, new=new, **options)).data


def told(result):
    return [(one.change, one.path, one.was) for one in result.files]


@pytest.fixture
def changed(project):
    """A folder with a version, changed in every way since."""
    for name in ("a/1.txt", "a/2.txt", "b/3.txt", "b/4.txt"):
        project.write(f"img/{name}", f"content of {name}")
    add(project, "img")
    project.write("img/a/1.txt", "something else")
    (project.root / "img/a/2.txt").rename(project.root / "img/b/2.txt")
    (project.root / "img/b/3.txt").unlink()
    project.write("img/c/5.txt", "new")
    return project


EVERYTHING = [
    ("changed", "a/1.txt", None),
    ("renamed", "b/2.txt", "a/2.txt"),
    ("removed", "b/3.txt", None),
    ("added", "c/5.txt", None),
]


def test_the_work_tree_against_the_pointer(changed):
    result = diff(changed, "img")
    assert told(result) == EVERYTHING
    assert (result.old.label, result.new.label) == ("img@1", "the work tree")
    assert (result.old.files, result.new.files) == (4, 4)
    assert (result.tally.added.files, result.tally.added.bytes) == (1, 3)


def test_two_versions_and_the_other_way_round(changed):
    add(changed, "img")
    assert not diff(changed, "img").different
    assert told(diff(changed, "img@1", "img@2")) == EVERYTHING
    back = diff(changed, "img@2", "img@1")
    assert ("renamed", "a/2.txt", "b/2.txt") in told(back)
    assert (back.tally.removed.files, back.tally.added.files) == (1, 1)
    assert told(diff(changed, "img@1")) == EVERYTHING


def test_only_a_subfolder(changed):
    add(changed, "img")
    result = diff(changed, "img@1", "img@2", path="b")
    assert told(result) == [("added", "b/2.txt", None), ("removed", "b/3.txt", None)]
    assert (result.old.files, result.new.files) == (2, 2)
    with pytest.raises(NotFound, match="nothing/here"):
        diff(changed, "img@1", "img@2", path="nothing/here")


def test_a_folder_that_is_gone_is_all_removed(changed):
    shutil.rmtree(changed.root / "img")
    result = diff(changed, "img")
    assert (result.tally.removed.files, result.new.files) == (4, 0)


def test_bytes_of_a_pointer_without_a_version_are_compared_too(changed):
    text = (changed.root / "mlctl.toml").read_text(encoding="utf-8")
    changed.write("mlctl.toml", f'{text}\n[data.img]\npath = "img"\n')
    undo(changed.session(), UndoRequest())
    changed.write("img/a/1.txt", "content of a/1.txt")
    result = diff(changed, "img")
    assert result.old.label == "its pointer"
    assert told(result) == EVERYTHING[1:]
    assert result.files[0].old_size == len("content of a/2.txt")


def test_without_a_pointer_the_next_command_is_told(project):
    with pytest.raises(NotFound) as caught:
        diff(project, "rides")
    assert caught.value.hints == ("mlctl data add data/rides.csv",)


def test_of_a_table_rows_and_columns_are_told(project):
    add(project)
    text = (project.root / "data/rides.csv").read_text().splitlines()
    wider = [text[0] + ",wind", *(line + ",0.5" for line in text[1:11])]
    project.write("data/rides.csv", "\n".join(line.replace("day", "date") for line in wider) + "\n")
    result = diff(project)
    assert (result.old.rows, result.new.rows, result.old.columns, result.new.columns) == (28, 10, 4, 5)
    assert [column.name for column in result.columns.added] == ["date", "wind"]
    assert [column.name for column in result.columns.removed] == ["day"]
    assert told(result) == [("changed", "", None)]
    add(project)
    assert diff(project, "rides@1", "rides@2").columns == result.columns


@pytest.mark.skipif(not folders.IMAGES.is_file(), reason="the photographs are not here")
def test_photographs_moved_dropped_and_replaced(project):
    folders.photographs(project.root / "signs")
    add(project, "signs")
    signs = project.root / "signs"
    moved = sorted((signs / "3").iterdir())[:5]
    for file in moved:
        file.rename(signs / "4" / file.name)
    (signs / "7/IMG_5935.JPG").unlink()
    first = min((signs / "0").iterdir())
    first.write_bytes(first.read_bytes()[:-100])
    result = diff(project, "signs")
    assert (result.tally.renamed.files, result.tally.removed.files, result.tally.changed.files) == (5, 1, 1)
    assert result.tally.removed.bytes == 1_447_068
    assert {one.was for one in result.files if one.change == "renamed"} == {
        f"3/{file.name}" for file in moved
    }

"""The profile of a folder: what is counted, what is looked into, and that it is kept."""

import shutil

import pytest

from mlctl.datasets import folder_profile
from mlctl.domain.folder_profile import Unreadable
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_show import DataShowRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_show import data_show
from tests.verbs import folders


def write(project, path, data):
    file = project.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def show(project, name, **options):
    return data_show(project.session(), DataShowRequest(dataset=name, **options)).data


@pytest.fixture
def mixed(project):
    """A small folder with something of everything."""
    write(project, "img/cats/1.png", folders.png(4, 3))
    write(project, "img/cats/2.PNG", folders.png(4, 3, shade=9))
    write(project, "img/cats/same.png", folders.png(4, 3))
    write(project, "img/dogs/1.png", folders.png(5, 5, colour=0))
    write(project, "img/dogs/cut.png", folders.png(50, 50)[:60])
    write(project, "img/dogs/no.jpg", b"hello")
    write(project, "img/notes/a.txt", "zwei\nZeilen: äöü\n".encode())
    write(project, "img/notes/latin.txt", "caf\xe9".encode("latin-1"))
    write(project, "img/odd", folders.png(1, 1, colour=6))
    write(project, "img/empty.txt", b"")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    return project


def test_everything_is_counted(mixed):
    profile = show(mixed, "img").folder
    assert (profile.files, profile.looked_into, profile.not_here) == (10, 10, 0)
    assert [(one.name, one.files) for one in profile.suffixes] == [
        (".png", 5), (".txt", 3), ("", 1), (".jpg", 1),
    ]  # fmt: skip
    assert [(one.name, one.files) for one in profile.classes] == [
        ("", 2), ("cats", 3), ("dogs", 3), ("notes", 2),
    ]  # fmt: skip
    assert (profile.empty, profile.empty_examples) == (1, ("empty.txt",))
    assert (profile.sizes.min, profile.sizes.max) == (0, max(one.size for one in show(mixed, "img").files))
    assert (profile.duplicates.groups, profile.duplicates.files) == (1, 1)
    assert profile.duplicates.bytes == len(folders.png(4, 3))
    assert profile.duplicates.examples == (("cats/1.png", "cats/same.png"),)


def test_images_and_texts_are_typed(mixed):
    profile = show(mixed, "img").folder
    images, texts = profile.images, profile.texts
    assert images.files == 5
    assert images.formats == {"png": 5}
    assert images.modes == {"L": 1, "RGB": 3, "RGBA": 1}
    assert images.dimensions == {"4x3": 3, "1x1": 1, "5x5": 1}
    assert images.unreadable == 2
    assert images.examples == (
        Unreadable(path="dogs/cut.png", why="it is cut short"),
        Unreadable(path="dogs/no.jpg", why="it is no image"),
    )
    assert (texts.files, texts.utf8, texts.lines, texts.characters) == (3, 2, 2, 17)
    assert texts.examples == ("notes/latin.txt",)


def test_it_is_kept_by_the_manifest_and_worked_out_again_where_that_is_damaged(mixed):
    first = show(mixed, "img").folder
    (kept,) = (mixed.root / ".mlctl/index/profiles").iterdir()
    shutil.rmtree(mixed.root / ".mlctl/cache/files")
    assert show(mixed, "img").folder == first
    kept.write_bytes(b"{}\n")
    lost = show(mixed, "img").folder
    assert (lost.not_here, lost.images) == (10, None)
    assert (lost.files, lost.duplicates) == (first.files, first.duplicates)
    assert kept.read_bytes() == b"{}\n", "what rests on bytes that were not there is not kept"


def test_a_large_folder_is_sampled_and_says_so(mixed, monkeypatch):
    monkeypatch.setattr(folder_profile, "SAMPLED_ABOVE", 4)
    profile = show(mixed, "img").folder
    assert (profile.looked_into, profile.sampled_above) == (4, 4)
    assert profile.files == 10
    assert sum(group.files for group in profile.suffixes) == 10


def test_the_list_of_files_is_cut(mixed):
    result = show(mixed, "img", limit=3)
    assert [one.path for one in result.files] == ["cats/1.png", "cats/2.PNG", "cats/same.png"]
    assert result.more == 7
    assert show(mixed, "img").more == 0


def test_classes_are_the_folders_in_the_one_that_holds_all(project):
    for path in ("set/images/a/1.txt", "set/images/b/2.txt", "set/images/b/deep/3.txt"):
        write(project, path, path.encode())
    data_add(project.session(), DataAddRequest(paths=("set",)))
    profile = show(project, "set").folder
    assert profile.classes_in == "images/"
    assert [(one.name, one.files) for one in profile.classes] == [("a", 1), ("b", 2)]
    write(project, "set/read.me", b"x")
    data_add(project.session(), DataAddRequest(paths=("set",)))
    assert [one.name for one in show(project, "set").folder.classes] == ["", "images"]


@pytest.mark.skipif(not folders.IMAGES.is_file(), reason="the photographs are not here")
def test_photographs(project):
    folders.photographs(project.root / "signs")
    data_add(project.session(), DataAddRequest(paths=("signs",)))
    profile = show(project, "signs").folder
    assert (profile.files, profile.images.files, profile.images.unreadable) == (590, 590, 0)
    assert profile.images.dimensions == {"100x100": 589, "3024x3024": 1}
    assert profile.images.modes == {"RGB": 590}
    assert [one.name for one in profile.classes] == list("0123456789")
    assert {58, 59, 60} == {one.files for one in profile.classes}
    assert profile.duplicates.files == 0


@pytest.mark.skipif(not folders.MESSAGES.is_file(), reason="the messages are not here")
def test_messages(project):
    count = folders.messages(project.root / "sms")
    data_add(project.session(), DataAddRequest(paths=("sms",)))
    profile = show(project, "sms").folder
    assert [one.name for one in profile.classes] == ["ham", "spam"]
    assert (profile.texts.files, profile.texts.utf8, profile.texts.lines) == (count, count, count)
    assert profile.duplicates.files > 0

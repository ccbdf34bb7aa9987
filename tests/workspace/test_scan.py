"""Reading the user's files once."""

import os
import socket
import time

import pytest

from mlctl.domain.errors import InvalidName, NotFound, PermissionRefused, UsageError
from mlctl.workspace.scan import found, read_file, settled, stamp_of, walk


def paths(root, folder, **options):
    return [name for names, _ in walk(root, folder, **options) for name in names]


def test_a_folder_is_listed_in_order_without_the_folders_of_git_dvc_and_mlctl(tmp_path):
    for name in ("d/b.txt", "d/a/z.txt", "d/.git/config", "d/.mlctl/x", "d/.dvc/config", "d/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert paths(tmp_path, "d") == [".hidden", "a/z.txt", "b.txt"]


def test_what_is_ignored_is_left_out(tmp_path):
    (tmp_path / "d/skip").mkdir(parents=True)
    (tmp_path / "d/skip/x").write_text("x")
    (tmp_path / "d/y").write_text("y")
    assert paths(tmp_path, "d", ignored={"d/skip"}) == ["y"]


def test_a_folder_sorts_as_its_name_and_a_slash_so_that_whole_paths_ascend(tmp_path):
    names = ["d/a-b", "d/a.b", "d/a/b", "d/a/b-c/x", "d/a/b/x", "d/a0", "d/\u00e9/\U0001f600", "d/\uffff"]
    for name in names:
        path = tmp_path / name
        if name == "d/a/b":
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    got = paths(tmp_path, "d")
    assert got == sorted(name[2:] for name in names if name != "d/a/b")


def test_a_folder_of_more_files_than_a_batch_is_walked_whole_and_in_order(tmp_path):
    (tmp_path / "d/m").mkdir(parents=True)
    names = [f"{number:05}" for number in range(5000)]
    for name in names:
        (tmp_path / "d" / name).touch()
    (tmp_path / "d/m/x").touch()
    batches = list(walk(tmp_path, "d"))
    assert len(batches) > 1
    assert [name for part, _ in batches for name in part] == [*names, "m/x"]
    assert all(len(part) == len(stamps) for part, stamps in batches)


def test_a_link_into_the_cache_is_the_file_that_it_points_to(tmp_path):
    object_ = tmp_path / "cache/files/md5/aa/b"
    object_.parent.mkdir(parents=True)
    object_.write_text("x")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/link").symlink_to(object_)
    ((_, stamps),) = walk(tmp_path, "d", cache=tmp_path / "cache")
    assert stamps == [stamp_of(object_.stat())]
    object_.unlink()
    with pytest.raises(NotFound, match="does not hold"):
        paths(tmp_path, "d", cache=tmp_path / "cache")


def test_a_loop_of_links_is_refused_and_not_followed(tmp_path):
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/up").symlink_to("..")
    with pytest.raises(UsageError, match="d/e/up is a symbolic link"):
        paths(tmp_path, "d")


def test_a_name_of_255_bytes_is_read(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ("\u00e9" * 127 + "x")).write_text("x")
    assert paths(tmp_path, "d") == ["\u00e9" * 127 + "x"]


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="does not exist"):
        found(tmp_path, "nothing.csv")


@pytest.mark.parametrize("name", ["a\nb.csv", "a\rb.csv"])
def test_a_name_with_a_line_break_is_refused_and_told(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(InvalidName, match="line break"):
        found(tmp_path, name)


def test_a_line_break_deep_in_a_folder_is_told_with_its_folders(tmp_path):
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/a\nb").write_text("x")
    with pytest.raises(InvalidName, match=r"'d/e/a\\nb' has a line break"):
        paths(tmp_path, "d")


def test_a_name_that_is_not_utf8_is_refused_and_told(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/b\xff.csv", "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write(b"x")
    with pytest.raises(InvalidName, match="not UTF-8"):
        paths(tmp_path, "d")


def test_a_symbolic_link_is_refused(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "real.csv").write_text("x")
    (tmp_path / "d/link.csv").symlink_to(tmp_path / "real.csv")
    with pytest.raises(UsageError, match=r"d/link\.csv is a symbolic link"):
        paths(tmp_path, "d")


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("here")
        with pytest.raises(UsageError, match="neither a file nor a folder"):
            found(tmp_path, "here")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_permission_error(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    file.chmod(0)
    with pytest.raises(PermissionRefused):
        read_file(file)


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    assert not settled(stamp_of(file.stat()))
    assert read_file(file).stamp is None


def test_a_file_that_has_been_quiet_is_remembered_by_its_stamp(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    while not settled(stamp_of(file.stat())):
        time.sleep(0.01)
    assert read_file(file).stamp == stamp_of(file.stat())


def test_reading_a_folder_as_a_file_is_told(tmp_path):
    with pytest.raises(NotFound, match="is a folder"):
        read_file(tmp_path)

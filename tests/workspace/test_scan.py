"""Reading the user's files once."""

import hashlib
import io
import os
import socket
import time

import pytest

from mlctl.domain.errors import InvalidName, NotFound, PermissionRefused, UsageError
from mlctl.workspace.scan import CHUNK, files_of, read_file, read_once, settled, stamp_of


def paths(root, target, **options):
    return [found.path for found in files_of(root, target, **options)]


def test_a_folder_is_listed_in_order_without_the_folders_of_git_dvc_and_mlctl(tmp_path):
    for name in ("d/b.txt", "d/a/z.txt", "d/.git/config", "d/.mlctl/x", "d/.dvc/config", "d/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert paths(tmp_path, tmp_path / "d") == ["d/.hidden", "d/a/z.txt", "d/b.txt"]


def test_what_is_ignored_is_left_out(tmp_path):
    (tmp_path / "d/skip").mkdir(parents=True)
    (tmp_path / "d/skip/x").write_text("x")
    (tmp_path / "d/y").write_text("y")
    assert paths(tmp_path, tmp_path / "d", ignored={"d/skip"}) == ["d/y"]


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="does not exist"):
        paths(tmp_path, tmp_path / "nothing.csv")


@pytest.mark.parametrize("name", ["a\nb.csv", "a\rb.csv"])
def test_a_name_with_a_line_break_is_refused_and_told(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(InvalidName, match="line break"):
        paths(tmp_path, tmp_path / name)


def test_a_name_that_is_not_utf8_is_refused_and_told(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/b\xff.csv", "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
        file.write(b"x")
    with pytest.raises(InvalidName, match="not UTF-8"):
        paths(tmp_path, folder)


def test_a_symbolic_link_is_refused(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "real.csv").write_text("x")
    (tmp_path / "d/link.csv").symlink_to(tmp_path / "real.csv")
    with pytest.raises(UsageError, match=r"d/link\.csv is a symbolic link"):
        paths(tmp_path, tmp_path / "d")


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("here")
        with pytest.raises(UsageError, match="neither a file nor a folder"):
            paths(tmp_path, tmp_path / "here")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_permission_error(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    file.chmod(0)
    with pytest.raises(PermissionRefused):
        read_file(file)


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 9 * CHUNK + 7])
def test_both_hashes_and_the_copy_are_of_the_same_bytes(size):
    data = os.urandom(1024) * (size // 1024 + 1)
    data = data[:size]
    copy = io.BytesIO()
    hashes, count = read_once(io.BytesIO(data), copy, size)
    assert count == size
    assert copy.getvalue() == data
    assert hashes.md5 == hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret
    assert hashes.sha256 == hashlib.sha256(data).hexdigest()


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

"""A folder beside the contract: who may write, what is left aside."""

import os

import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.domain.errors import MlctlError, Unreachable, UsageError


def opened(path):
    return FolderRemote().open(str(path), {})


def test_files_are_read_only_and_nothing_stays_aside(tmp_path):
    store = opened(tmp_path)
    store.put("a/b", b"x")
    store.create("a/c", b"x")
    for name in ("b", "c"):
        assert (tmp_path / "a" / name).stat().st_mode & 0o777 == 0o444
    assert not [*(tmp_path / "+tmp").iterdir()]


def test_what_a_killed_writer_left_is_swept_after_a_day_and_not_before(tmp_path):
    (tmp_path / "+tmp").mkdir()
    for name, age in (("old", 2 * 86_400), ("new", 60)):
        file = tmp_path / "+tmp" / name
        file.write_text("x")
        os.utime(file, (file.stat().st_mtime - age,) * 2)
    opened(tmp_path).put("a", b"x")
    assert [path.name for path in (tmp_path / "+tmp").iterdir()] == ["new"]


def test_a_name_that_is_taken_by_a_folder_is_told(tmp_path):
    store = opened(tmp_path)
    store.put("a/b", b"x")
    with pytest.raises(MlctlError):
        store.put("a", b"x")
    with pytest.raises(MlctlError):
        store.put("a/b/c", b"x")
    assert store.read("a/b") == b"x"


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unreachable, match="was not written"):
        opened(tmp_path / "file").put("a", b"x")


@pytest.mark.parametrize("url", ["file://host/x", "ftp://host/x"])
def test_a_url_of_another_machine_is_refused(url):
    with pytest.raises(UsageError, match="no folder of this machine"):
        FolderRemote().open(url, {})

"""A file or folder as it stands."""

import hashlib

import pytest

from mlctl.domain.errors import NotFound
from mlctl.store.stat_cache import StatCache
from mlctl.workspace.dvc_cache import LARGE, VERIFIED, DvcCache
from mlctl.workspace.scan import stamp_of
from mlctl.workspace.snapshot import snapshot


@pytest.fixture
def memory(tmp_path_factory):
    return StatCache(tmp_path_factory.mktemp("index") / "stat.sqlite")


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


def test_a_file_is_its_hashes_and_its_pointer(tmp_path, memory):
    (tmp_path / "x.csv").write_bytes(b"rides")
    seen = snapshot(tmp_path, "x.csv", memory=memory)
    assert (seen.md5, seen.bytes, seen.is_folder) == (md5(b"rides"), 5, False)
    assert seen.files[0].sha256 == hashlib.sha256(b"rides").hexdigest()
    assert (seen.pointer().path, seen.pointer().nfiles) == ("x.csv", None)


def test_files_are_sorted_by_their_path_in_the_folder_as_dvc_sorts_them(tmp_path, memory):
    for name in ("a/x", "a.txt", "a-b"):
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_text(name)
    seen = snapshot(tmp_path, "d", memory=memory)
    assert [entry.path for entry in seen.files] == ["a-b", "a.txt", "a/x"]
    assert seen.md5.endswith(".dir")
    assert seen.pointer().nfiles == 3


def test_a_remembered_file_is_believed_only_with_its_stamp(tmp_path, memory):
    file = tmp_path / "x"
    file.write_bytes(b"rides")
    memory.remember([("x", *stamp_of(file.stat()), "f" * 32, "e" * 64)])
    assert snapshot(tmp_path, "x", memory=memory).md5 == "f" * 32
    file.write_bytes(b"other")
    assert snapshot(tmp_path, "x", memory=memory).md5 == md5(b"other")


def test_a_remembered_file_that_the_cache_lacks_is_taken(tmp_path, memory):
    file = tmp_path / "x"
    file.write_bytes(b"rides")
    cache = DvcCache(tmp_path / "cache")
    memory.remember([("x", *stamp_of(file.stat()), md5(b"rides"), "e" * 64)])
    snapshot(tmp_path, "x", memory=memory, cache=cache)
    assert cache.read(md5(b"rides")) == b"rides"


def test_a_folder_without_files_is_told(tmp_path, memory):
    (tmp_path / "d/e").mkdir(parents=True)
    with pytest.raises(NotFound, match="holds no files"):
        snapshot(tmp_path, "d", memory=memory)


def test_progress_ends_with_all_files(tmp_path, memory):
    for number in range(5):
        (tmp_path / f"d{number}").write_text("x")
    (tmp_path / "d").mkdir()
    for number in range(5):
        (tmp_path / f"d/{number}").write_text(str(number))
    events = []
    snapshot(tmp_path, "d", memory=memory, report=events.append)
    assert (events[-1].done, events[-1].total, events[-1].unit) == (5, 5, "files")


def test_a_large_object_is_known_by_its_stamp_after_it_was_taken(tmp_path, memory):
    (tmp_path / "x").write_bytes(b"rides" * LARGE)
    cache = DvcCache(tmp_path / "cache")
    seen = snapshot(tmp_path, "x", memory=memory, cache=cache)
    (row,) = memory.recall(VERIFIED, VERIFIED + "~").values()
    assert row[1:] == (*stamp_of(cache.path(seen.md5).stat()), seen.md5, seen.sha256)

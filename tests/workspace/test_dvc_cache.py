"""DVC's cache."""

import hashlib
import json
import os
import time

import pytest

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import Corrupt, Missing, Untrusted
from mlctl.domain.ids import Digest
from mlctl.workspace.dvc_cache import DvcCache, discard
from mlctl.workspace.dvc_listing import listing_bytes


@pytest.fixture
def cache(tmp_path):
    return DvcCache(tmp_path / "cache")


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


def test_taken_bytes_are_read_only_under_their_md5(cache, tmp_path):
    (tmp_path / "x").write_bytes(b"rides")
    reading = cache.take(tmp_path / "x")
    path = tmp_path / "cache/files/md5" / md5(b"rides")[:2] / md5(b"rides")[2:]
    assert reading.hashes.md5 == md5(b"rides")
    assert reading.size == 5
    assert path.read_bytes() == b"rides"
    assert path.stat().st_mode & 0o777 == 0o444
    assert list(cache.everything()) == [md5(b"rides")]


def test_taking_leaves_nothing_aside(cache, tmp_path):
    (tmp_path / "x").write_bytes(b"rides")
    for _ in range(2):
        cache.take(tmp_path / "x")
        cache.flush()
    assert list((tmp_path / "cache/tmp").iterdir()) == []


def test_read_gives_verified_bytes(cache, tmp_path):
    (tmp_path / "x").write_bytes(b"rides")
    name = cache.take(tmp_path / "x").hashes.md5
    assert cache.read(name) == b"rides"
    assert cache.verified(name).read_bytes() == b"rides"


def test_a_flipped_byte_is_never_handed_out(cache, tmp_path):
    (tmp_path / "x").write_bytes(b"rides")
    name = cache.take(tmp_path / "x").hashes.md5
    cache.path(name).chmod(0o644)
    cache.path(name).write_bytes(b"rideS")
    for act in (cache.read, cache.verified):
        with pytest.raises(Corrupt):
            act(name)


def test_missing_bytes_are_told(cache):
    for act in (cache.read, cache.verified, cache.listing):
        with pytest.raises(Missing):
            act("0" * 32)


def test_a_listing_is_dvc_s_json(cache):
    entries = [
        FileEntry(path="b ü.txt", size=1, md5="b" * 32, sha256=Digest("")),
        FileEntry(path="a/1.txt", size=1, md5="a" * 32, sha256=Digest("")),
    ]
    data = listing_bytes(entries)
    assert data == (
        b'[{"md5": "'
        + b"a" * 32
        + b'", "relpath": "a/1.txt"}, {"md5": "'
        + b"b" * 32
        + b'", "relpath": "b \\u00fc.txt"}]'
    )
    name = md5(data) + ".dir"
    cache.put(data, name)
    assert cache.listing(name) == [("a/1.txt", "a" * 32), ("b ü.txt", "b" * 32)]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "a//b", "./x", "a\0b"])
def test_a_listing_that_leaves_its_folder_is_not_trusted(cache, path):
    data = json.dumps([{"md5": "a" * 32, "relpath": path}]).encode()
    cache.put(data, md5(data) + ".dir")
    with pytest.raises(Untrusted):
        cache.listing(md5(data) + ".dir")


def test_a_listing_with_a_name_that_is_no_md5_is_not_trusted(cache):
    data = json.dumps([{"md5": "../../../etc/passwd", "relpath": "x"}]).encode()
    cache.put(data, md5(data) + ".dir")
    with pytest.raises(Untrusted):
        cache.listing(md5(data) + ".dir")


def test_a_listing_of_another_shape_is_corrupt(cache):
    for data in (b"{}", b"[1]", b"not json", b'[{"md5": 1}]'):
        cache.put(data, md5(data) + ".dir")
        if data != b"{}":
            with pytest.raises(Corrupt):
                cache.listing(md5(data) + ".dir")


def test_a_restored_file_is_writable_and_separate(cache, tmp_path):
    (tmp_path / "x").write_bytes(b"rides")
    name = cache.take(tmp_path / "x").hashes.md5
    cache.restore(name, tmp_path / "new/y")
    (tmp_path / "new/y").write_bytes(b"other")
    assert cache.read(name) == b"rides"


def test_what_a_killed_process_left_aside_is_swept_after_a_day(tmp_path):
    folder = tmp_path / "cache/tmp"
    folder.mkdir(parents=True)
    for name, age in (("mlctl-1-old", 90_000), ("mlctl-2-new", 10), ("somebody-else", 90_000)):
        (folder / name).write_text("x")
        os.utime(folder / name, (time.time() - age,) * 2)
    (tmp_path / "x").write_bytes(b"rides")
    DvcCache(tmp_path / "cache").take(tmp_path / "x")
    assert sorted(path.name for path in folder.iterdir()) == ["mlctl-2-new", "somebody-else"]


def test_discarding_removes_the_folders_that_it_empties_and_no_more(tmp_path):
    for name in ("d/a/1", "d/b/2"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x")
    discard(tmp_path, ["d/a/1", "d/gone"])
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["b"]
    discard(tmp_path, ["d/b/2"])
    assert list(tmp_path.iterdir()) == []

"""Taking files: what was hashed is what is in the cache, whatever happens to the file meanwhile."""

import hashlib
import os
import threading
import time

import pytest

from mlctl.workspace import hashing
from mlctl.workspace.hashing import BESIDE, CHUNK, SMALL, Taker, hash_all, is_settled, stamp_of

SIZES = [0, 1, 4096, SMALL, SMALL + 1, BESIDE - 1, BESIDE + CHUNK + 7]


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache/tmp").mkdir(parents=True)
    return tmp_path / "cache"


def taker(root, cache=None):
    return Taker(str(root), str(cache) if cache else None, 0o755)


def object_of(cache, name):
    return cache / "files/md5" / name[:2] / name[2:]


@pytest.mark.parametrize("size", SIZES)
def test_both_hashes_and_the_object_are_of_the_same_bytes(tmp_path, cache, size):
    data = (os.urandom(1024) * (size // 1024 + 1))[:size]
    (tmp_path / "x").write_bytes(data)
    stamp = stamp_of((tmp_path / "x").stat())
    expected = (md5(data), hashlib.sha256(data).hexdigest(), size)
    assert taker(tmp_path).do([("x", stamp)])[0][:3] == expected
    assert taker(tmp_path, cache).do([("x", stamp)])[0][:3] == expected
    path = object_of(cache, md5(data))
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o444
    assert list((cache / "tmp").iterdir()) == []
    with (tmp_path / "x").open("rb") as file:
        assert hash_all(file.fileno(), None, size) == expected


def test_a_file_that_was_just_written_is_not_to_be_remembered_and_a_quiet_one_is(tmp_path):
    file = tmp_path / "x"
    file.write_text("x")
    stamp = stamp_of(file.stat())
    assert taker(tmp_path).do([("x", stamp)])[0][3] is None
    while not is_settled(stamp):
        time.sleep(0.01)
    assert taker(tmp_path).do([("x", stamp)])[0][3] == stamp


def test_a_file_that_differs_from_what_was_found_is_read_as_it_is_now(tmp_path, cache):
    for old, new in ((b"", b"longer"), (b"longer", b""), (b"aaaa", b"bbbb"), (b"x", b"y" * (SMALL + 5))):
        (tmp_path / "x").write_bytes(old)
        stamp = stamp_of((tmp_path / "x").stat())
        (tmp_path / "x").unlink()
        (tmp_path / "x").write_bytes(new)
        (answer,) = taker(tmp_path, cache).do([("x", stamp)])
        assert answer[:3] == (md5(new), hashlib.sha256(new).hexdigest(), len(new))
        assert object_of(cache, md5(new)).read_bytes() == new


@pytest.mark.parametrize("size", [SMALL * 8 - 1, BESIDE * 4])
def test_a_file_that_never_stands_still_is_refused_and_no_object_is_wrong(tmp_path, cache, size):
    file = tmp_path / "x"
    file.write_bytes(b"0" * size)
    stop = threading.Event()

    def churn():
        number = 0
        with file.open("r+b", buffering=0) as writer:
            while not stop.is_set():
                number += 1
                writer.seek((number * 7919) % size)
                writer.write(b"%d" % (number % 10))
                writer.truncate(size + number % 3)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        answers = [
            answer for _ in range(20) for answer in taker(tmp_path, cache).do([("x", stamp_of(file.stat()))])
        ]
        looked = taker(tmp_path).do([("x", stamp_of(file.stat()))])[0]
    finally:
        stop.set()
        thread.join()
    refused = [answer for answer in answers if len(answer) == 3]
    assert refused
    assert refused[0][0] == 0
    assert "changes" in refused[0][2]
    assert len(looked) == 4
    for path in cache.glob("files/md5/*/*"):
        assert md5(path.read_bytes()) == path.parent.name + path.name
    assert list((cache / "tmp").iterdir()) == []


def test_after_a_failure_the_rest_of_a_batch_is_left_out(tmp_path):
    (tmp_path / "a").write_text("a")
    stamp = stamp_of((tmp_path / "a").stat())
    answers = taker(tmp_path).do([("a", stamp), ("gone", stamp), ("a", stamp)])
    assert [len(answer) for answer in answers] == [4, 3]
    assert answers[1][1] == "gone"


def test_an_object_that_was_damaged_is_put_anew(tmp_path, cache):
    (tmp_path / "x").write_bytes(b"rides")
    stamp = stamp_of((tmp_path / "x").stat())
    taker(tmp_path, cache).do([("x", stamp)])
    path = object_of(cache, md5(b"rides"))
    for damage in (b"rideS", b"r"):
        path.chmod(0o644)
        path.write_bytes(damage)
        taker(tmp_path, cache).do([("x", stamp)])
        assert path.read_bytes() == b"rides"
        assert path.stat().st_mode & 0o777 == 0o444


def test_objects_have_their_mode_and_shared_folders_theirs_whatever_the_umask(tmp_path, cache):
    (tmp_path / "x").write_bytes(b"rides")
    stamp = stamp_of((tmp_path / "x").stat())
    before = os.umask(0o077)
    try:
        Taker(str(tmp_path), str(cache), 0o2775).do([("x", stamp)])
    finally:
        os.umask(before)
    path = object_of(cache, md5(b"rides"))
    assert path.stat().st_mode & 0o777 == 0o444
    assert path.parent.stat().st_mode & 0o7777 == 0o2775


def test_where_the_blocks_cannot_be_shared_the_bytes_are_copied(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(hashing, "cloned", lambda _source, _target: False)
    data = os.urandom(SMALL + 3)
    (tmp_path / "x").write_bytes(data)
    taker(tmp_path, cache).do([("x", stamp_of((tmp_path / "x").stat()))])
    assert object_of(cache, md5(data)).read_bytes() == data

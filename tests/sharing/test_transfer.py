"""Data between a cache and a remote folder."""

import hashlib
import json
import os

import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.domain.errors import Corrupt, Incomplete, Missing
from mlctl.sharing import keys
from mlctl.sharing.transfer import Moved, download, lacking, upload
from mlctl.workspace.dvc_cache import DvcCache


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def store(tmp_path):
    return FolderRemote().open(str(tmp_path / "remote"), {})


@pytest.fixture
def cache(tmp_path):
    return DvcCache(tmp_path / "cache")


@pytest.fixture
def other(tmp_path):
    return DvcCache(tmp_path / "other")


def folder(cache, count=40):
    """Files and their listing in a cache; the listing's md5."""
    items = []
    for number in range(count):
        data = f"file {number}\n".encode() * (number + 1)
        cache.put(data, md5_of(data))
        items.append({"md5": md5_of(data), "relpath": f"sub/{number:03}.txt"})
    listing = json.dumps(items).encode()
    name = md5_of(listing) + ".dir"
    cache.put(listing, name)
    return name


def test_what_goes_up_comes_down_equal_and_read_only(store, cache, other):
    name = folder(cache)
    up = upload(store, cache, [name])
    assert up.files == 41
    assert download(store, other, [name]) == up
    assert sorted(other.everything()) == sorted(cache.everything())
    for md5 in cache.everything():
        assert other.path(md5).read_bytes() == cache.path(md5).read_bytes()
        assert other.path(md5).stat().st_mode & 0o777 == 0o444


def test_the_second_time_nothing_moves(store, cache, other):
    name = folder(cache)
    upload(store, cache, [name])
    assert upload(store, cache, [name]) == Moved()
    download(store, other, [name])
    assert download(store, other, [name]) == Moved()


def test_only_what_is_lacking_moves(store, cache):
    name = folder(cache)
    upload(store, cache, [name])
    gone = [md5 for _, md5 in cache.listing(name)][:3]
    store.remove([keys.data(md5) for md5 in (*gone, name)])
    assert lacking(store, cache, [name]) == {*gone, name}
    assert upload(store, cache, [name]).files == 4
    assert lacking(store, cache, [name]) == set()


def test_damaged_bytes_of_the_cache_are_not_sent(store, cache):
    name = folder(cache)
    victim = cache.path(cache.listing(name)[7][1])
    victim.chmod(0o644)
    victim.write_bytes(b"damaged")
    with pytest.raises(Corrupt, match="not sent"):
        upload(store, cache, [name])
    assert keys.data(name) not in store.sizes([keys.data(name)])


def test_damaged_bytes_of_the_remote_never_reach_the_cache(store, cache, other):
    name = folder(cache)
    upload(store, cache, [name])
    md5 = cache.listing(name)[7][1]
    store.put(keys.data(md5), b"damaged")
    with pytest.raises(Corrupt) as caught:
        download(store, other, [name])
    assert caught.value.facts["key"] == keys.data(md5)
    assert not other.has(md5)
    assert not [*(other.folder / "tmp").iterdir()]


def test_bytes_that_the_remote_lacks_are_told_by_key(store, cache, other):
    name = folder(cache)
    upload(store, cache, [name])
    md5 = cache.listing(name)[7][1]
    store.remove([keys.data(md5)])
    with pytest.raises(Incomplete) as caught:
        download(store, other, [name])
    assert caught.value.facts["key"] == keys.data(md5)


def test_bytes_that_are_nowhere_are_told_before_anything_is_sent(store, cache):
    name = folder(cache)
    cache.path(cache.listing(name)[7][1]).unlink()
    with pytest.raises(Missing):
        upload(store, cache, [name])
    assert [*store.list("")] == []


def test_what_had_arrived_of_a_file_is_continued(store, cache, other):
    data = os.urandom(300_000)
    cache.put(data, md5_of(data))
    upload(store, cache, [md5_of(data)])
    part = other.folder / "tmp" / f"mlctl-part-{md5_of(data)}"
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:200_000])
    told = []
    download(store, other, [md5_of(data)], lambda _files, size: told.append(size))
    assert sum(told) == 100_000
    assert other.read(md5_of(data)) == data
    assert not part.exists()


def test_a_part_that_holds_other_bytes_is_begun_anew(store, cache, other):
    data = os.urandom(300_000)
    cache.put(data, md5_of(data))
    upload(store, cache, [md5_of(data)])
    part = other.folder / "tmp" / f"mlctl-part-{md5_of(data)}"
    part.parent.mkdir(parents=True)
    for wrong in (b"y" * 200_000, b"y" * 400_000):
        part.write_bytes(wrong)
        download(store, other, [md5_of(data)])
        assert other.read(md5_of(data)) == data
        other.path(md5_of(data)).unlink()

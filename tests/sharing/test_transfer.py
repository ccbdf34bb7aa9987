"""Data between a cache and a remote folder."""

import hashlib
import json
import os
from itertools import count
from pathlib import Path

import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.domain.errors import Corrupt, Incomplete, Missing
from mlctl.sharing import keys
from mlctl.sharing.known import Known
from mlctl.sharing.survey import survey
from mlctl.sharing.transfer import Moved, download, mend
from mlctl.sharing.transfer import upload as send
from mlctl.workspace.dvc_cache import DvcCache

COUNT = count()


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def fresh(store):
    return Known(Path(store.url).parent / "nothing" / str(next(COUNT)), store.url)


def upload(store, cache, md5s, known=None):
    return send(store, cache, md5s, known or fresh(store))


def lacking(store, cache, md5s):
    found = survey(store, cache, md5s, fresh(store))
    return {*found.files, *found.folders}


class Distant:
    """A folder that does not say that it is one, so that it is treated like any store; counts requests."""

    writable = True
    parallel = 4

    def __init__(self, inner):
        self.url = inner.url
        self._inner = inner
        self.asked = []

    def __getattr__(self, name):
        def call(*args, **named):
            self.asked.append((name, args))
            return getattr(self._inner, name)(*args, **named)

        return call


@pytest.fixture
def distant(tmp_path):
    return Distant(FolderRemote().open(str(tmp_path / "remote"), {}))


@pytest.fixture(params=["folder", "distant"])
def store(request, tmp_path, distant):
    return distant if request.param == "distant" else FolderRemote().open(str(tmp_path / "remote"), {})


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


def test_what_had_arrived_of_a_file_is_continued(distant, cache, other):
    data = os.urandom(300_000)
    cache.put(data, md5_of(data))
    upload(distant, cache, [md5_of(data)])
    part = other.folder / "tmp" / f"mlctl-part-{md5_of(data)}"
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:200_000])
    told = []
    download(distant, other, [md5_of(data)], lambda _files, size: told.append(size))
    assert sum(told) == 100_000
    assert other.read(md5_of(data)) == data
    assert not part.exists()


def test_a_part_that_holds_other_bytes_is_begun_anew(distant, cache, other):
    data = os.urandom(300_000)
    cache.put(data, md5_of(data))
    upload(distant, cache, [md5_of(data)])
    part = other.folder / "tmp" / f"mlctl-part-{md5_of(data)}"
    part.parent.mkdir(parents=True)
    for wrong in (b"y" * 200_000, b"y" * 400_000):
        part.write_bytes(wrong)
        download(distant, other, [md5_of(data)])
        assert other.read(md5_of(data)) == data
        other.path(md5_of(data)).unlink()


def test_all_that_can_be_brought_is_brought_before_it_is_told_what_cannot(store, cache, other):
    name = folder(cache)
    upload(store, cache, [name])
    md5s = [md5 for _, md5 in cache.listing(name)]
    store.remove([keys.data(md5s[0]), keys.data(md5s[1])])
    with pytest.raises(Incomplete) as caught:
        download(store, other, [name])
    assert sorted(caught.value.facts["keys"]) == sorted(keys.data(md5) for md5 in md5s[:2])
    assert all(other.has(md5) for md5 in md5s[2:])


def test_a_push_of_nothing_asks_for_one_key_or_two(distant, cache, tmp_path):
    names = [folder(cache, count) for count in (3, 20, 40)]
    known = Known(tmp_path / "index", distant.url)
    upload(distant, cache, names, known)
    distant.asked.clear()
    assert upload(distant, cache, names, Known(tmp_path / "index", distant.url)) == Moved()
    assert [name for name, _ in distant.asked] == ["sizes"]
    assert len(distant.asked[0][1][0]) <= 2


def test_a_listing_on_the_remote_proves_its_files_to_who_knows_nothing(distant, cache):
    name = folder(cache)
    upload(distant, cache, [name])
    distant.asked.clear()
    assert upload(distant, cache, [name]) == Moved()
    assert [name for name, _ in distant.asked] == ["sizes"]


def test_of_a_changed_folder_only_what_is_new_is_asked_for(distant, cache, tmp_path):
    known = Known(tmp_path / "index", distant.url)
    upload(distant, cache, [folder(cache, 40)], known)
    distant.asked.clear()
    assert upload(distant, cache, [folder(cache, 42)], known).files == 3
    assert sum(len(args[0]) for name, args in distant.asked if name == "sizes") == 4
    assert not any(name == "list" for name, _ in distant.asked)


def test_what_is_known_of_a_remote_that_was_emptied_is_forgotten(store, cache, tmp_path):
    name = folder(cache)
    known = Known(tmp_path / "index", store.url)
    upload(store, cache, [name], known)
    store.remove([one.key for one in [*store.list("")]])
    assert upload(store, cache, [name], known).files == 41


def test_what_a_listing_wrongly_proves_is_found_where_every_file_is_asked_for(store, cache, tmp_path):
    name = folder(cache)
    known = Known(tmp_path / "index", store.url)
    upload(store, cache, [name], known)
    md5 = cache.listing(name)[7][1]
    store.remove([keys.data(md5)])
    assert upload(store, cache, [name], known) == Moved()
    planned = mend(store, cache, [name], known, dry_run=True)
    assert keys.data(md5) not in store.sizes([keys.data(md5)])
    assert mend(store, cache, [name], known) == planned
    assert (planned.files, planned.bytes) == (1, cache.path(md5).stat().st_size)
    assert keys.data(md5) in store.sizes([keys.data(md5)])


def test_a_listing_is_not_sent_again_where_a_file_that_it_names_is_nowhere(store, cache, tmp_path):
    name = folder(cache)
    known = Known(tmp_path / "index", store.url)
    upload(store, cache, [name], known)
    md5s = [md5 for _, md5 in cache.listing(name)]
    store.remove([keys.data(md5) for md5 in (name, md5s[0], md5s[1])])
    cache.path(md5s[0]).unlink()
    done = mend(store, cache, [name], known)
    assert (done.files, done.nowhere) == (1, (md5s[0],))
    assert store.sizes([keys.data(name), keys.data(md5s[1])]).keys() == {keys.data(md5s[1])}


def test_a_file_that_another_program_left_half_sent_is_sent_again(store, cache):
    data = os.urandom(1000)
    cache.put(data, md5_of(data))
    store.put(keys.data(md5_of(data)), data[:10])
    assert upload(store, cache, [md5_of(data)]).files == 1
    assert store.read(keys.data(md5_of(data))) == data


def test_many_files_are_found_by_listing_few_folders(distant, cache):
    name = folder(cache, 600)
    upload(distant, cache, [name])
    distant.remove([keys.data(name)])
    distant.asked.clear()
    assert upload(distant, cache, [name]).files == 1
    kinds = [kind for kind, _ in distant.asked]
    assert kinds.count("list") <= 2
    assert sum(len(args[0]) for kind, args in distant.asked if kind == "sizes") == 1


def test_an_index_that_was_cut_off_is_read_as_far_as_it_is_whole(tmp_path):
    known = Known(tmp_path, "somewhere")
    known.note(["a.dir", "b"])
    file = next((tmp_path / "remotes").iterdir())
    file.write_text("a.dir\nb\nc")
    again = Known(tmp_path, "somewhere")
    assert ("a.dir" in again, "b" in again, "c" in again) == (True, True, False)
    assert again.newest(["a.dir", "b", "x"]) == "b"
    assert again.listings(2) == ["a.dir"]
    assert "a.dir" not in Known(tmp_path, "elsewhere")

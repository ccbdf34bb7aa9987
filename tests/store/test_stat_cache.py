"""The memory of stamps: it forgets where it must, and never answers for what it was not told."""

import sqlite3
from array import array
from contextlib import closing

import pytest

from mlctl.domain.dataset import FileEntry
from mlctl.domain.manifest import Seen, seal_of
from mlctl.domain.records import digest_of, encode
from mlctl.store.stat_cache import StatCache

ROW = ("data/hour.csv", 12, 1_000, 1_001, 7, "5d41402abc4b2a76b9719d911017c592", "a" * 64)
OTHER = ("data/hour.csv.d/x", 1, 2, 3, 4, "m", "s")


@pytest.fixture
def cache(tmp_path):
    return StatCache(tmp_path / "index" / "stat.sqlite")


def kept(cache, *names, cached=True):
    entries = encode(tuple(FileEntry(path=name, size=1, md5="m", sha256="s") for name in names))
    stamps = array("q", [1, 2, 3, 4] * len(names)).tobytes()
    seen = Seen(
        first=names[0],
        files=len(names),
        bytes=len(names),
        digest=digest_of(entries),
        seal=seal_of(list(names), stamps),
        cached=cached,
    )
    assert cache.keep("d", seen, names[-1], entries, stamps)
    return seen, entries, stamps


def damage(cache, statement, *values):
    with closing(sqlite3.connect(cache.file)) as connection, connection:
        connection.execute(statement, values)


def test_rows_are_recalled_by_range(cache):
    cache.remember([ROW, OTHER, ("data/a/b", 1, 2, 3, 4, "m", "s")])
    assert cache.recall("data/hour.csv", "data/hour.csv") == {ROW[0]: ROW}
    assert set(cache.recall("data/b", "data/z")) == {ROW[0], OTHER[0]}


def test_a_row_whose_hash_was_changed_on_disk_is_not_believed(cache):
    cache.remember([ROW, OTHER])
    damage(cache, "update stamps set md5 = ? where path = ?", "6" + ROW[5][1:], ROW[0])
    assert cache.recall("data", "dataz") == {OTHER[0]: OTHER}


def test_a_damaged_file_remembers_nothing_and_begins_anew(cache):
    cache.remember([ROW])
    cache.close()
    cache.file.write_bytes(b"no database, but long enough to look like one" * 30)
    assert cache.recall("data", "dataz") == {}
    cache.remember([ROW])
    assert cache.recall("data", "dataz") == {ROW[0]: ROW}


def test_a_chunk_is_found_by_its_first_path_and_takes_the_place_of_those_within(cache):
    kept(cache, "a", "b")
    old, *_ = kept(cache, "c", "d")
    new, entries, stamps = kept(cache, "b", "c")
    last, *_ = kept(cache, "e")
    assert cache.chunk("d", "b") == new
    assert cache.chunk("d", "c") is None
    assert cache.chunk("other", "b") is None
    assert cache.entries("d", new) == entries
    assert cache.entries("d", old) is None
    assert [found for found, _ in cache.known("d", "bb", "d")] == [entries]
    assert list(cache.known("d", "b", "c")) == [(entries, stamps)]
    assert len(list(cache.known("d", "0", "z"))) == 3
    cache.finish("d", [new, last], b"over", "md5.dir")
    assert len(list(cache.known("d", "0", "z"))) == 2
    assert cache.total("d", b"over") == "md5.dir"
    assert cache.total("d", b"else") is None


@pytest.mark.parametrize(
    "statement",
    [
        "update chunks set seal = x'00'",
        "update chunks set digest = 'other'",
        "update chunks set bytes = 7",
        "update chunks set files = 1",
        "update chunks set cached = 0",
    ],
)
def test_a_chunk_that_was_changed_on_disk_is_not_believed(cache, statement):
    seen, *_ = kept(cache, "a", "b")
    assert cache.chunk("d", "a") == seen
    damage(cache, statement)
    assert cache.chunk("d", "a") is None


def test_entries_and_totals_that_were_changed_on_disk_are_not_believed(cache):
    seen, *_ = kept(cache, "a", "b")
    cache.finish("d", [seen], b"over", "md5.dir")
    damage(cache, "update chunks set entries = x'5b5d'")
    damage(cache, "update totals set md5 = 'other.dir'")
    assert cache.entries("d", seen) is None
    assert list(cache.known("d", "a", "b")) == []
    assert cache.total("d", b"over") is None


def test_trusted_folders_are_kept_by_place_and_cache_and_replaced(cache):
    cache.trust("d", "/c", {"aa": (1, 2, 3, 4), "bb": (1, 2, 3, 5)})
    assert cache.trusted("d", "/c") == {"aa": (1, 2, 3, 4), "bb": (1, 2, 3, 5)}
    assert cache.trusted("d", "/other") == cache.trusted("e", "/c") == {}
    cache.trust("d", "/c", {"bb": (9, 9, 9, 9)})
    assert cache.trusted("d", "/c") == {"bb": (9, 9, 9, 9)}


def test_where_nothing_can_be_kept_that_is_said(tmp_path):
    (tmp_path / "index").write_text("a file where the folder should be")
    cache = StatCache(tmp_path / "index" / "stat.sqlite")
    seen = Seen(first="a", files=1, bytes=1, digest="0" * 64, seal=b"", cached=True)
    assert not cache.keep("d", seen, "a", b"", b"")
    assert cache.chunk("d", "a") is None

import sqlite3
from contextlib import closing

from mlctl.store.stat_cache import StatCache

ROW = ("data/hour.csv", 12, 1_000, 1_001, 7, "5d41402abc4b2a76b9719d911017c592", "a" * 64)
OTHER = ("data/hour.csv.d/x", 1, 2, 3, 4, "m", "s")


def test_what_was_remembered_is_recalled_by_file_and_by_folder(tmp_path):
    cache = StatCache(tmp_path / "index" / "stat.sqlite")
    cache.remember([ROW, OTHER, ("data/a/b", 1, 2, 3, 4, "m", "s")])
    assert cache.recall("data/hour.csv") == {ROW[0]: ROW}
    assert set(cache.recall("data")) == {ROW[0], OTHER[0], "data/a/b"}


def test_a_row_whose_hash_was_changed_on_disk_is_not_believed(tmp_path):
    cache = StatCache(tmp_path / "stat.sqlite")
    cache.remember([ROW, OTHER])
    with closing(sqlite3.connect(cache.file)) as connection, connection:
        connection.execute("update stamps set md5 = ? where path = ?", ("6" + ROW[5][1:], ROW[0]))
    assert cache.recall("data") == {OTHER[0]: OTHER}


def test_a_damaged_file_remembers_nothing_and_begins_anew(tmp_path):
    cache = StatCache(tmp_path / "stat.sqlite")
    cache.remember([ROW])
    cache.file.write_bytes(b"no database, but long enough to look like one" * 30)
    assert cache.recall("data") == {}
    cache.remember([ROW])
    assert cache.recall("data") == {ROW[0]: ROW}

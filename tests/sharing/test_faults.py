"""Push and pull over lines that fail, by processes that are killed: complete and verified in the end.

After each kill nothing dangles: a listing that is on the remote has all its files there, whole; what is in
the cache holds the bytes that it is named by.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.builtin.remotes.s3 import S3Remote
from mlctl.domain.errors import Unreachable
from mlctl.sharing import keys
from mlctl.sharing.known import Known
from mlctl.sharing.retry import RetryingStore
from mlctl.sharing.transfer import upload
from mlctl.workspace.dvc_cache import DvcCache
from tests.remote_servers import make_bucket, s3_options, s3_server, ssh_server
from tests.sharing.faulty import FAULTS, faulty_line

MOVING = Path(__file__).with_name("moving.py")
ROOT = Path(__file__).parents[2]
MOST_RUNS = 12
SEED = int(os.environ.get("MLCTL_SEED", "2"))


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def fill(cache, seed, files, large=0):
    """A folder of small files and perhaps a large one in a cache; its md5."""
    rng = random.Random(seed)  # noqa: S311 - test data
    items = []
    for number in range(files + bool(large)):
        data = rng.randbytes(large if number == files else rng.randrange(1, 5000))
        cache.put(data, md5_of(data))
        items.append({"md5": md5_of(data), "relpath": f"{number:05}"})
    listing = json.dumps(items).encode()
    name = md5_of(listing) + ".dir"
    cache.put(listing, name)
    return name


class Moves:
    """Runs `moving.py` until it is through, killed now and then."""

    def __init__(self, tmp_path, scheme, url, options, name):
        self.tmp, self.scheme, self.url, self.options, self.name = tmp_path, scheme, url, options, name
        self.killed = self.told = 0

    def through(self, act, cache, rng, kills, far, look):
        """Run until it is through; `far()` says how far it is, 0 to 1, and so when it is killed."""
        job = self.tmp / f"{act}.json"
        document = {
            "act": act, "scheme": self.scheme, "url": self.url, "options": self.options,
            "cache": str(cache.folder), "known": str(self.tmp / "known"), "md5s": [self.name],
        }  # fmt: skip
        for run in range(MOST_RUNS):
            job.write_text(json.dumps({**document, "seed": run}))
            process = subprocess.Popen(
                [sys.executable, str(MOVING), str(job)],
                env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.tmp)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            if run < kills:
                aim = rng.uniform(far(), 0.9)
                while process.poll() is None and far() < aim:
                    time.sleep(0.002)
                process.kill()
            out, err = process.communicate(timeout=100)
            look()
            if process.returncode == 0:
                return json.loads(out)
            if process.returncode == 3:
                assert json.loads(out)["id"] == "unreachable", out
                self.told += 1
            else:
                assert process.returncode == -signal.SIGKILL, err
                self.killed += 1
        raise AssertionError(f"not through after {MOST_RUNS} runs")


def nothing_dangles(store, cache):
    """A listing on the remote proves its files."""
    sizes = {one.key: one.size for one in store.list(keys.DATA)}
    for key in sizes:
        if key.endswith(".dir"):
            for item in json.loads(store.read(key)):
                size = cache.path(item["md5"]).stat().st_size
                assert sizes.get(keys.data(item["md5"])) == size, f"{key} dangles: {item}"


def all_is_what_it_says(cache):
    for md5 in cache.everything():
        assert md5_of(cache.path(md5).read_bytes()) == md5.removesuffix(".dir")
        assert cache.path(md5).stat().st_mode & 0o777 == 0o444


def same(cache, other):
    assert sorted(other.everything()) == sorted(cache.everything())
    all_is_what_it_says(other)


def held(*folders):
    """How many files there are, those that are being written among them."""
    return sum(len(files) for folder in folders for _, _, files in os.walk(folder))


def there_and_back(moves, clean, cache, other, *, seed, kills, there):
    """Up and down, looked at after each run by a store on a good line."""
    rng = random.Random(seed)  # noqa: S311 - a schedule
    count = held(cache.folder)
    moves.through("upload", cache, rng, kills, lambda: there() / count, lambda: nothing_dangles(clean, cache))
    for md5 in cache.everything():
        assert clean.read(keys.data(md5)) == cache.path(md5).read_bytes()
    moves.through(
        "download", other, rng, kills, lambda: held(other.folder) / count, lambda: all_is_what_it_says(other)
    )
    same(cache, other)
    assert moves.killed >= 2


def test_s3_with_a_third_of_the_requests_failing_and_the_process_killed(tmp_path):
    cache, other = DvcCache(tmp_path / "cache"), DvcCache(tmp_path / "other")
    name = fill(cache, SEED, 80, large=300_000)
    with s3_server() as endpoint, faulty_line(endpoint, SEED) as (proxy, line):
        url = make_bucket(endpoint, "faults")
        options = {**s3_options(proxy), "read_timeout": "0.6", "connect_timeout": "2"}
        moves = Moves(tmp_path, "s3", url, options, name)
        clean = S3Remote().open(url, s3_options(endpoint))
        there_and_back(moves, clean, cache, other, seed=SEED, kills=2, there=lambda: line.seen["fine"])
        assert all(line.seen[fault] for fault in FAULTS), line.seen
        clean.close()


@contextmanager
def dropping(server, every, seed):
    """Break the connections of an SSH server again and again."""
    stop, rng = threading.Event(), random.Random(seed)  # noqa: S311 - a schedule

    def run():
        while not stop.wait(rng.uniform(0.5, 1.5) * every):
            server.drop()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_ssh_whose_connections_drop_and_the_process_killed(tmp_path):
    cache, other = DvcCache(tmp_path / "cache"), DvcCache(tmp_path / "other")
    name = fill(cache, SEED + 1, 100, large=3_000_000)
    served = tmp_path / "served"
    served.mkdir()
    with ssh_server(served, tmp_path / "keys") as server, dropping(server, 0.35, SEED + 1):
        moves = Moves(tmp_path, "ssh", "ssh://127.0.0.1/store", server.options, name)
        clean = FolderRemote().open(str(served / "store"), {})
        there_and_back(moves, clean, cache, other, seed=SEED + 1, kills=2, there=lambda: held(served))


def test_a_folder_and_the_process_killed_at_any_moment(tmp_path):
    cache, other = DvcCache(tmp_path / "cache"), DvcCache(tmp_path / "other")
    name = fill(cache, SEED + 2, 2000)
    url = str(tmp_path / "store")
    moves = Moves(tmp_path, "file", url, {}, name)
    clean = FolderRemote().open(url, {})
    there_and_back(moves, clean, cache, other, seed=SEED + 2, kills=4, there=lambda: held(url))
    left = [path for path in (tmp_path / "store/+tmp").iterdir() if path.is_file()]
    assert not left


def test_a_line_on_which_nothing_comes_through_is_told_and_gone_on_with_later(tmp_path):
    cache = DvcCache(tmp_path / "cache")
    name = fill(cache, 5, 5)
    known = Known(tmp_path / "known", "s3")
    with s3_server() as endpoint:
        url = make_bucket(endpoint, "nothing")
        with faulty_line(endpoint, 5, share=1.0, patience=0.2) as (proxy, line):
            options = {**s3_options(proxy), "read_timeout": "0.2", "connect_timeout": "1"}
            store = RetryingStore(S3Remote().open(url, options), tries=3, pause=lambda _seconds: None)
            with pytest.raises(Unreachable, match="s3://nothing"):
                upload(store, cache, [name], known)
            assert sum(line.seen.values()) >= 3
            store.close()
        clean = S3Remote().open(url, s3_options(endpoint))
        upload(clean, cache, [name], known)
        nothing_dangles(clean, cache)
        assert len([*clean.list(keys.DATA)]) == 6
        clean.close()

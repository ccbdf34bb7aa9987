"""Worker processes: answers are those of this process, in order, whatever becomes of a worker."""

import hashlib
import marshal
import os
import signal
import time

import pytest

from mlctl.workspace.hashing import Taker, stamp_of
from mlctl.workspace.workers import Workers, _send, _spawn


@pytest.fixture
def items(tmp_path):
    found = []
    for number in range(300):
        path = tmp_path / f"{number:03}"
        path.write_bytes(b"%d" % number)
        found.append((path.name, stamp_of(path.stat())))
    return found


def batches(items, size=20):
    return [items[begin : begin + size] for begin in range(0, len(items), size)]


def hashes(answers):
    return [answer[:3] for answer in answers]


def test_answers_come_in_the_order_of_the_questions(tmp_path, items):
    workers = Workers("take", str(tmp_path), None, 0o755, count=3)
    jobs = [workers.submit(batch) for batch in batches(items)]
    found = [answer for job in jobs for answer in job.result()]
    workers.close()
    assert hashes(found) == hashes(Taker(str(tmp_path)).do(items))
    assert found[7][1] == hashlib.sha256(b"7").hexdigest()


def test_a_worker_that_is_killed_is_replaced_by_the_caller(tmp_path, items):
    workers = Workers("take", str(tmp_path), None, 0o755, count=2)
    jobs = [workers.submit(batch) for batch in batches(items)[:4]]
    assert [len(job.result()) for job in jobs] == [20] * 4
    for process in list(workers._processes):
        os.kill(process, signal.SIGKILL)
    jobs = [workers.submit(batch) for batch in batches(items)]
    found = [answer for job in jobs for answer in job.result()]
    workers.close()
    assert hashes(found) == hashes(Taker(str(tmp_path)).do(items))


def test_an_interrupted_worker_leaves_nothing_aside(tmp_path):
    (tmp_path / "cache/tmp").mkdir(parents=True)
    with (tmp_path / "x").open("wb") as file:
        file.truncate(3 << 30)
    workers = Workers("take", str(tmp_path), str(tmp_path / "cache"), 0o755, count=1)
    workers.submit([("x", stamp_of((tmp_path / "x").stat()))])
    aside = tmp_path / "cache/tmp"
    while not any(path.stat().st_size for path in aside.iterdir()):
        os.sched_yield()
    workers.close(abort=True)
    assert list(aside.iterdir()) == []
    assert list(tmp_path.glob("cache/files/md5/*/*")) == []


def test_workers_interrupted_at_any_moment_leave_nothing_aside(tmp_path, items):
    """A signal may come between a call that makes a file and the `try` behind it."""
    for turn in range(30):
        cache = tmp_path / f"cache{turn}"
        (cache / "tmp").mkdir(parents=True)
        (cache / "files/md5").mkdir(parents=True)
        workers = Workers("take", str(tmp_path), str(cache), 0o755, count=2)
        for batch in batches(items, 150):
            workers.submit(batch)
        while not any((cache / "files/md5").iterdir()):
            os.sched_yield()
        time.sleep(turn / 10_000)
        workers.close(abort=True)
        assert list((cache / "tmp").iterdir()) == []


def test_a_worker_whose_caller_is_gone_leaves_nothing_aside(tmp_path):
    aside = tmp_path / "cache/tmp"
    aside.mkdir(parents=True)
    with (tmp_path / "x").open("wb") as file:
        file.truncate(3 << 30)
    worker = _spawn()
    assert worker is not None
    process, requests, answers = worker
    _send(requests, marshal.dumps(("take", (str(tmp_path), str(tmp_path / "cache"), 0o755))))
    _send(requests, marshal.dumps([("x", stamp_of((tmp_path / "x").stat()))]))
    while not any(path.stat().st_size for path in aside.iterdir()):
        os.sched_yield()
    os.close(requests)
    os.close(answers)
    os.waitpid(process, 0)
    assert list(aside.iterdir()) == []


def test_nothing_is_left_running(tmp_path, items):
    workers = Workers("take", str(tmp_path), None, 0o755, count=2)
    workers.submit(items[:1]).result()
    running = list(workers._processes)
    workers.close()
    for process in running:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

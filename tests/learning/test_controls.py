"""What is held is the same in every process, and the user's waits still end."""

import json
import subprocess
import sys

import pytest

from mlctl.domain.replay import Controls

SCRIPT = """
import json, sys, time
from pathlib import Path
import msgspec, numpy as np
from mlctl.domain.replay import Controls
from mlctl.learning.controls import hold, same_addresses
controls = msgspec.json.decode(sys.argv[1], type=Controls)
if controls.addresses:
    same_addresses()
hold(controls, Path(sys.argv[2]).parent)
exec(compile(Path(sys.argv[2]).read_text(), sys.argv[2], "exec"))
print(json.dumps(found))
"""
CASES = {
    "seeds": """
import os, random, secrets, uuid
import numpy as np
found = [random.random(), random.Random().random(), secrets.token_hex(), str(uuid.uuid4()), np.random.rand()]
found += [np.random.default_rng().random(), np.random.RandomState().rand(), os.urandom(4).hex(), os.getpid()]
found += [random.SystemRandom().random()]
""",
    "clock": """
import time, uuid
from datetime import date, datetime, timezone
found = [time.time(), time.time_ns(), time.strftime("%Y%m%d%H%M%S"), time.ctime(), time.localtime()[:6]]
found += [str(datetime.now()), str(datetime.now(timezone.utc)), str(datetime.today()), str(date.today())]
found += [time.perf_counter(), time.monotonic_ns(), uuid.uuid1().time]
assert isinstance(datetime(2020, 1, 1), datetime) and type(datetime.now()) is type(datetime(2020, 1, 1))
assert isinstance(datetime.now(), date) and not isinstance(date.today(), datetime)
begin = time.monotonic()
while time.monotonic() - begin < 0.5:
    pass
""",
    "threads": """
import os, threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
from multiprocessing.pool import ThreadPool
from queue import Queue
found = []
with ThreadPoolExecutor(4) as pool:
    waiting = [pool.submit(lambda n=n: sum(range((9 - n) * 100_000)) and n) for n in range(9)]
    found += [one.result() for one in as_completed(waiting)]
    left = {pool.submit(lambda n=n: sum(range((9 - n) * 100_000)) and n) for n in range(9)}
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        found += [one.result() for one in done]
with ThreadPool(4) as pool:
    found += list(pool.imap_unordered(lambda n: sum(range((9 - n) * 100_000)) and n, range(9)))
work = lambda n: sum(range((9 - n) * 100_000)) and found.append(n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
for one in threads:
    one.start()
for one in threads:
    one.join()
parts = Queue()
one = threading.Thread(target=lambda: found.append(parts.get()))
one.start()
parts.put("told after the start")
one.join()
found.append(os.cpu_count())
""",
    "addresses": """
found = [id(object()) % 2**32, repr(print), [id(bytearray(n * 1000)) for n in range(5)]]
""",
}
HELD = {
    "seeds": Controls(seeds=5),
    "clock": Controls(clock=1_000_000_000.0),
    "threads": Controls(threads=1),
    "addresses": Controls(addresses=True),
}


def told(tmp_path, case, controls):
    script = tmp_path / "own.py"
    script.write_text(CASES[case], encoding="utf-8")
    words = (f'{{"{name}":{json.dumps(getattr(controls, name))}}}' for name in (case,))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, next(words), str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", ["seeds", "clock", "threads"])
def test_two_processes_tell_the_same(tmp_path, case):
    first = told(tmp_path, case, HELD[case])
    assert told(tmp_path, case, HELD[case]) == first
    if case != "threads":
        assert told(tmp_path, case, Controls()) != first
    else:
        assert first == [*range(9), *range(9), *range(9), *range(5), "told after the start", 1]


def test_another_seed_and_another_time_tell_something_else(tmp_path):
    seeds = [told(tmp_path, "seeds", Controls(seeds=seed)) for seed in (5, 6)]
    assert [one == other for one, other in zip(*seeds, strict=True)] == [False] * 10
    times = [told(tmp_path, "clock", Controls(clock=at)) for at in (1e9, 1e9 + 400 * 86_400 + 3_661)]
    assert [one == other for one, other in zip(*times, strict=True)] == [False] * 9 + [True, True, False]


def test_addresses_are_held_where_the_system_can(tmp_path):
    first = told(tmp_path, "addresses", HELD["addresses"])
    if told(tmp_path, "addresses", HELD["addresses"]) != first:
        pytest.skip("this system does not let a process have the same addresses again")
    assert told(tmp_path, "addresses", Controls()) != first

"""Holding still what a fit should not depend on: entropy, the clock, threads. For a process of its own.

Nothing is taken back: the process ends with the fit. What libraries bound before (`from time import time`)
stays as it was, so hold after they are imported and before the user's code is.
"""

import concurrent.futures
import ctypes
import datetime as dt
import itertools
import os
import queue
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import _base as futures
from concurrent.futures import thread as pools
from multiprocessing import pool as processes
from pathlib import Path
from typing import Any

from mlctl.domain.replay import Controls

BOUND = queue
"""Imported here, so that its waits keep the real clock."""

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
"""Variables by which native libraries are told how many threads to start."""

_NO_RANDOM_ADDRESSES = 0x0040000
_FIXED = "MLCTL_FIXED_ADDRESSES"
_TICK = 1_000_000  # nanoseconds
_PATIENCE = 0.5  # seconds
_ALL = concurrent.futures.ALL_COMPLETED
_BALLAST: list[bytearray] = []


def hold(controls: Controls, tree: Path) -> None:
    """Hold what is asked for; hash seed and addresses are held from outside (`same_addresses`).

    Args:
        controls: what to hold.
        tree: the user's code is below it.
    """
    _BALLAST.extend(bytearray(size) for size in range(8, 520, 8) for _ in range(controls.ballast))
    if controls.threads is not None:
        _hold_threads(controls.threads)
    if controls.clock is not None:
        _hold_clock(int(controls.clock * 1e9), f"{tree}{os.sep}")
    if controls.seeds is not None:
        _hold_seeds(controls.seeds)


def same_addresses() -> None:
    """Begin this process again, where the system can, without random memory addresses."""
    if os.environ.get(_FIXED) or sys.platform != "linux":
        return
    os.environ[_FIXED] = "1"
    library = ctypes.CDLL(None)
    before = library.personality(0xFFFFFFFF)
    if before < 0 or library.personality(before | _NO_RANDOM_ADDRESSES) < 0:
        return
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself


def _hold_seeds(seed: int) -> None:
    import numpy as np  # noqa: PLC0415 - after the process has begun again

    stream = random.Random(seed)  # noqa: S311 - entropy that repeats is the point
    plain_seed = random.Random.seed

    def entropy(size: int, flags: int = 0) -> bytes:
        del flags
        return stream.getrandbits(8 * size).to_bytes(size, "little") if size else b""

    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        plain_seed(self, stream.getrandbits(64) if a is None else a, version)

    replace(os, urandom=entropy)
    if hasattr(os, "getrandom"):
        replace(os, getrandom=entropy)
    replace(random, _urandom=entropy)
    replace(random.Random, seed=seeded)
    replace(uuid, _generate_time_safe=None, _UuidCreate=None, getnode=lambda: 1)
    process = 1_000 + seed % 30_000
    replace(os, getpid=lambda: process)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the global one is what unseeded code uses


def _hold_threads(count: int) -> None:
    plain_pool, plain_processes = pools.ThreadPoolExecutor.__init__, processes.ThreadPool.__init__

    def pool(self: Any, max_workers: int | None = None, *args: Any, **options: Any) -> None:
        plain_pool(self, min(max_workers or count, count), *args, **options)

    def process_pool(self: Any, processes: int | None = None, *args: Any, **options: Any) -> None:
        plain_processes(self, min(processes or count, count), *args, **options)

    replace(pools.ThreadPoolExecutor, __init__=pool)
    replace(processes.ThreadPool, __init__=process_pool)
    replace(os, cpu_count=lambda: count)
    if hasattr(os, "sched_getaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:count])
        replace(os, sched_getaffinity=lambda _pid: set(range(count)))
    if count == 1:
        _number_futures()
        replace(concurrent.futures, as_completed=_in_order)
        replace(futures, as_completed=_in_order)
        replace(threading.Thread, start=_one_by_one(threading.Thread.start))


def _number_futures() -> None:
    """Futures come out of sets in the order in which they were made, not by their addresses."""
    plain, numbers = futures.Future.__init__, itertools.count()

    def numbered(self: Any, *args: Any, **options: Any) -> None:
        self.mlctl_number = next(numbers)
        plain(self, *args, **options)

    replace(futures.Future, __init__=numbered, __hash__=lambda self: self.mlctl_number)
    replace(concurrent.futures, wait=_first_first)


def _first_first(fs: Iterable[Any], timeout: float | None = None, return_when: str = _ALL) -> Any:
    """Wait as asked; for the first to end, take the one that was made first, and it alone."""
    given = sorted(set(fs), key=lambda future: future.mlctl_number)
    if return_when == concurrent.futures.FIRST_COMPLETED and given:
        futures.wait(given[:1], timeout)
        if given[0].done():
            return futures.DoneAndNotDoneFutures({given[0]}, set(given[1:]))
    return futures.wait(given, timeout, return_when)


def _in_order(fs: Iterable[Any], timeout: float | None = None) -> Iterator[Any]:
    """Futures in the order in which they were given, not in which they ended."""
    for future in fs:
        futures.wait([future], timeout)
        yield future


def _one_by_one(plain: Callable[[Any], None]) -> Callable[[Any], None]:
    """Start a thread and wait for it, a moment long: one that waits for others must not wait for ever."""
    own = ("concurrent.futures", "multiprocessing", "threading")

    def start(self: threading.Thread) -> None:
        plain(self)
        target = getattr(self, "_target", None)
        if not str(getattr(target, "__module__", "")).startswith(own):
            self.join(_PATIENCE)

    return start


def _hold_clock(begin: int, tree: str) -> None:
    ticks = itertools.count(begin, _TICK)

    def now() -> int:
        return next(ticks)

    def own(plain: Callable[[], Any], held: Callable[[], Any]) -> Callable[[], Any]:
        """Held for the user's code alone: libraries wait by these clocks."""

        def asked() -> Any:
            theirs = sys._getframe(1).f_code.co_filename.startswith(tree)  # noqa: SLF001 - who asks
            return held() if theirs else plain()

        return asked

    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        replace(time, **{name: own(getattr(time, name), lambda: (now() - begin) / 1e9)})
        replace(time, **{f"{name}_ns": own(getattr(time, f"{name}_ns"), lambda: now() - begin)})
    _hold_calendar(now)
    replace(uuid, _generate_time_safe=None, _UuidCreate=None)
    _hold_dates(now)


def _hold_calendar(now: Callable[[], int]) -> None:
    plain = {name: getattr(time, name) for name in ("localtime", "gmtime", "strftime", "ctime", "asctime")}

    def seconds(given: float | None) -> float:
        return now() / 1e9 if given is None else given

    replace(
        time,
        time=lambda: now() / 1e9,
        time_ns=now,
        localtime=lambda secs=None: plain["localtime"](seconds(secs)),
        gmtime=lambda secs=None: plain["gmtime"](seconds(secs)),
        ctime=lambda secs=None: plain["ctime"](seconds(secs)),
        strftime=lambda form, t=None: plain["strftime"](
            form, plain["localtime"](seconds(None)) if t is None else t
        ),
        asctime=lambda t=None: plain["asctime"](plain["localtime"](seconds(None)) if t is None else t),
    )


def _hold_dates(now: Callable[[], int]) -> None:
    """`datetime.datetime` and `date` with another now; what they make are the plain ones."""
    moment: Any = dt.datetime
    day: Any = dt.date

    class Same(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, cls.__mro__[1])

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, cls.__mro__[1])

        def __call__(cls, *args: Any, **options: Any) -> Any:
            return cls.__mro__[1](*args, **options)

    class HeldMoment(moment, metaclass=Same):  # type: ignore[misc] # its class is known at run time
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.fromtimestamp(now() / 1e9, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return moment.fromtimestamp(now() / 1e9, dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return moment.fromtimestamp(now() / 1e9)

    class HeldDay(day, metaclass=Same):  # type: ignore[misc] # as above
        @classmethod
        def today(cls) -> Any:
            return day.fromtimestamp(now() / 1e9)

    replace(dt, datetime=HeldMoment, date=HeldDay)


def replace(owner: Any, **values: Any) -> None:
    """Put other values in the place of a module's or class's own."""
    for name, value in values.items():
        setattr(owner, name, value)

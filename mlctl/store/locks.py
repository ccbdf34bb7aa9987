"""Locks of a repository: `flock` on files in `locks/`, free again when their holder dies.

`log`: held shared by whoever takes a number, alone by whoever moves own entries aside. `sharing`: one push,
fetch or drop at a time. Nobody waits for `sharing` while holding `log`.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from mlctl.domain.errors import Locked, MlctlError
from mlctl.store.files import explained
from mlctl.store.layout import Layout

_PATIENCE = 600.0  # seconds
_STEP = 0.05


@contextmanager
def writing(layout: Layout) -> Iterator[None]:
    """While a number of the log is being taken."""
    with _locked(layout, "log", fcntl.LOCK_SH):
        yield


@contextmanager
def trying_to_write(layout: Layout) -> Iterator[bool]:
    """As `writing`, but nobody is waited for: whether it could be had. The holder of `log` may ask, too."""
    with ExitStack() as held:
        free = False
        with suppress(OSError, MlctlError):
            held.enter_context(_locked(layout, "log", fcntl.LOCK_SH | fcntl.LOCK_NB))
            free = True
        yield free


@contextmanager
def rearranging(layout: Layout) -> Iterator[None]:
    """While entries of the log give way to others: nobody takes a number."""
    with _locked(layout, "log", fcntl.LOCK_EX):
        yield


@contextmanager
def sharing(
    layout: Layout, *, waits: Callable[[], None] = lambda: None, patience: float = _PATIENCE
) -> Iterator[None]:
    """One push, fetch or drop at a time in a repository.

    Args:
        layout: of the repository.
        waits: told once where another one is at it.
        patience: seconds.

    Raises:
        Locked: the other one has not finished.
    """
    descriptor = _open(layout, "sharing")
    try:
        _take(descriptor, waits, patience)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, waits: Callable[[], None], patience: float) -> None:
    end = time.monotonic() + patience
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise Locked(
                    "another push or fetch of this repository has not finished", "mlctl push"
                ) from None
            if not told:
                waits()
                told = True
            time.sleep(_STEP)
        else:
            return


@contextmanager
def _locked(layout: Layout, name: str, how: int) -> Iterator[None]:
    descriptor = _open(layout, name)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _open(layout: Layout, name: str) -> int:
    path = layout.store / "locks" / name
    with explained(path):
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:  # locks/ may be swept away by hand
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

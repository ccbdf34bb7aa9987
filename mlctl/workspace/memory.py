"""How far the resident memory of this process rises while something is done. Linux alone tells."""

import ctypes
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

_SELF = Path("/proc/self")
_KIB = 1024


class Rise(msgspec.Struct):
    """What a block of code has cost.

    Attributes:
        bytes: between what was resident before and the most that was since; None while it is not known, and
            where the system does not tell.
    """

    bytes: int | None = None


@contextmanager
def rise() -> Iterator[Rise]:
    """Measure a block of code.

    Memory that was freed before is given back to the system first, as far as the C library can: a block that
    finds free memory in the heap would seem to need none. What other threads need meanwhile counts as well.
    """
    found = Rise()
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    before = _begin()
    try:
        yield found
    finally:
        peak = _kib("status", "VmHWM")
        if before is not None and peak is not None:
            found.bytes = max(peak - before, 0) * _KIB


def _begin() -> int | None:
    """Begin a new peak; what is resident now, in KiB."""
    try:
        (_SELF / "clear_refs").write_bytes(b"5")
    except OSError:
        return None
    return _kib("smaps_rollup", "Rss") or _kib("status", "VmRSS")


def _kib(file: str, name: str) -> int | None:
    try:
        text = (_SELF / file).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found is not None else None

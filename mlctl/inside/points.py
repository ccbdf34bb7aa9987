"""The writer of points: one line, one write, so that a killed process loses none that it has logged.

The file is opened to append, so processes of one run (data loaders that fork) never write into each other's
lines. A line is in the system's hands when `write` returns; whoever tails the file puts it on the disk.
"""

import math
import os
import time
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.points import RESERVED, shown

_ENCODE = msgspec.json.Encoder().encode


class PointWriter:
    """Appends points to a file. What is written survives the process; `flushes` makes it survive the machine.

    Args:
        path: of the file.
        flushes: flush it to the disk, once a second at most; where nobody tails the file.
    """

    def __init__(self, path: Path, *, flushes: bool) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._flushes = flushes
        self._flushed = time.monotonic()

    def write(self, step: int, values: dict[str, Any]) -> None:
        """Append one point.

        Raises:
            TypeError, ValueError: a value is no number, or a name is one of `RESERVED`.
        """
        line: dict[str, Any] = {"step": step, "time": time.time()}
        for name, value in values.items():
            number = value if type(value) is float else float(value)
            line[name] = number if math.isfinite(number) else shown(number)
        if len(line) != len(values) + len(RESERVED):
            raise ValueError(f"{' and '.join(RESERVED)} are no names of series")
        data = _ENCODE(line) + b"\n"
        if os.write(self._file, data) != len(data):
            os.write(self._file, b"\n")  # a full disk took half a line: it is no point, and the next one is
            raise OSError("the disk is full")
        if self._flushes and time.monotonic() - self._flushed > 1.0:
            self.flush()

    def flush(self) -> None:
        """Put all that was written on the disk."""
        os.fsync(self._file)
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush and close; safe to call twice."""
        if self._file >= 0:
            self.flush()
            os.close(self._file)
            self._file = -1

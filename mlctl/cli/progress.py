"""Progress on stderr: one line that is drawn over on a terminal, one line a step elsewhere."""

import shutil
import sys
import time
from typing import TextIO

from mlctl.domain.progress import Event

_BETWEEN_DRAWINGS = 0.1
_BAR = 24
_SAYING = 2.0  # seconds after which there is something to judge by
_MINUTE = 60
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_KIBI = 1024


class Progress:
    """Draws events; hand it to a session as its `report`.

    Attributes:
        live: redraw one line (a terminal); otherwise a step is announced once.
    """

    def __init__(
        self, stream: TextIO | None = None, *, live: bool | None = None, width: int | None = None
    ) -> None:
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty() if live is None else live
        self.width = width or shutil.get_terminal_size().columns
        self._step: str | None = None
        self._drawn = 0.0
        self._began = 0.0
        self._dirty = False

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.text is not None:
            self.clear()
            self.stream.write(f"{event.text}\n")
            self.stream.flush()
            return
        if not self.live:
            if event.step != self._step:
                self._step = event.step
                self.stream.write(f"{event.step}\n")
                self.stream.flush()
            return
        now = time.monotonic()
        finished = event.total is not None and event.done >= event.total
        if event.step == self._step and not finished and now - self._drawn < _BETWEEN_DRAWINGS:
            return
        if event.step != self._step:
            self._began = now
        self._step, self._drawn, self._dirty = event.step, now, True
        self.stream.write(f"\r\x1b[2K{line(event, self.width - 1, now - self._began)}")
        self.stream.flush()

    def clear(self) -> None:
        """Take the drawn line away, so that what comes next starts on a clean one."""
        if self._dirty:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
            self._dirty = False


def line(event: Event, width: int = 80, seconds: float = 0.0) -> str:
    """One event as text: `hash data/hour.csv [====>     ] 3/9 files`; a long step gives way to its count.

    Args:
        event: to be shown.
        width: of the terminal.
        seconds: that the step has taken so far; from some on, it is said how long the rest will take.
    """
    if not event.total:
        count = f" {amount(event.done, event.unit)}".rstrip() if event.done else ""
    else:
        full = min(_BAR, _BAR * event.done // event.total)
        bar = "=" * full + (">" if full < _BAR else "") + " " * (_BAR - full - 1)
        count = f" [{bar}] {amount(event.done, '')}/{amount(event.total, event.unit)}".rstrip()
    if event.bytes is not None and event.unit != "bytes":
        count += f", {amount(event.bytes, 'bytes')}"
        if event.total_bytes is not None:
            count += f"/{amount(event.total_bytes, 'bytes')}"
    count += _left(event, seconds)
    room = max(width - len(count), 1)
    step = event.step if len(event.step) <= room else event.step[: room - 1] + "…"
    return (step + count)[:width]


def _left(event: Event, seconds: float) -> str:
    """How long the rest will take, judged by what has been done: by bytes where they are known."""
    done, total = event.done, event.total
    if event.bytes and event.total_bytes:
        done, total = event.bytes, event.total_bytes
    if total is None or seconds < _SAYING or not 0 < done < total:
        return ""
    left = round(seconds * (total - done) / done)
    if left < _MINUTE:
        return f", {left} s left"
    minutes, rest = divmod(left, _MINUTE)
    return f", {minutes}:{rest:02} left" if minutes < _MINUTE else f", {minutes // _MINUTE} h left"


def amount(count: int, unit: str) -> str:
    """A count with its unit; bytes in powers of 1024."""
    if unit != "bytes":
        return f"{count} {unit}".rstrip()
    size, step = float(count), 0
    while size >= _KIBI and step < len(_UNITS) - 1:
        size, step = size / _KIBI, step + 1
    return f"{size:.1f} {_UNITS[step]}" if step else f"{count} B"

"""Journals: where a server writes what it answered, one segment file a writer.

`durable` returns after write(2) and flushes within 100 ms; `sync` flushes first; `async` queues, bounded, and
counts what did not fit. A segment that is full is let go and a new one begun.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mlctl.contracts.journal import Journal
from mlctl.domain.errors import UsageError
from mlctl.domain.ids import Ulid
from mlctl.domain.prediction import Answered
from mlctl.store.files import explained, flush_file
from mlctl.store.segment import SUFFIX, line_of

MODES = ("durable", "sync", "async", "off")
SEGMENT_BYTES = 64 << 20
"""A segment is let go when it has grown beyond this."""
FLUSH_SECONDS = 0.05
"""Half of the promised 100 ms: the flush itself takes time too."""
QUEUE_REQUESTS = 10_000
"""Requests that `async` holds before it drops."""


def open_journal(
    folder: Path, mode: str, new_id: Callable[[], Ulid], *, limit: int = SEGMENT_BYTES
) -> Journal:
    """A journal that appends to a fresh segment in a model's folder.

    Raises:
        UsageError: no such mode.
    """
    if mode == "off":
        return Off()
    if mode not in MODES:
        raise UsageError(f"log mode {mode!r} is none of {', '.join(MODES)}", "mlctl spec explain", mode=mode)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        writer = _Segment(folder, new_id, limit)
    if mode == "async":
        return Queued(writer)
    return Direct(writer) if mode == "sync" else Durable(writer)


class _Segment:
    """The open segment of one writer; the caller serialises writes."""

    def __init__(self, folder: Path, new_id: Callable[[], Ulid], limit: int) -> None:
        self._folder = folder
        self._new_id = new_id
        self._limit = limit
        self._whole = True
        self.size = 0
        self.descriptor = self._open()

    def _open(self) -> int:
        while True:
            path = self._folder / f"{self._new_id()}{SUFFIX}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o644)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                flush_file(self._folder)
                self.size = 0
                self._whole = True
                return descriptor
            os.close(descriptor)  # sealed as empty between open and flock

    def write(self, data: bytes) -> None:
        """Append whole lines, or nothing that a reader sees."""
        if self.size >= self._limit or not self._whole:
            self.roll()
        start = self.size
        try:
            with explained(self._folder):
                written = os.write(self.descriptor, data)
                while written < len(data):
                    written += os.write(self.descriptor, data[written:])
        except BaseException:
            self._cut(start)
            raise
        self.size = start + len(data)

    def roll(self) -> None:
        """Let the segment go, flushed, and begin another."""
        old = self.descriptor
        with explained(self._folder):
            self.descriptor = self._open()
            try:
                os.fsync(old)
            finally:
                os.close(old)

    def _cut(self, start: int) -> None:
        """Take back a half-written line; where even that fails, the next write begins a new segment."""
        try:
            os.ftruncate(self.descriptor, start)
        except OSError:
            self._whole = False

    def flush(self) -> None:
        os.fsync(self.descriptor)

    def close(self) -> None:
        with suppress(OSError):
            os.fsync(self.descriptor)
        os.close(self.descriptor)


class Off:
    """A journal that keeps nothing, because the spec says so."""

    dropped = 0

    def append(self, answered: Answered) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing to do."""


class Direct:
    """Every append is on the disk before it returns."""

    dropped = 0

    def __init__(self, segment: _Segment) -> None:
        self._segment = segment
        self._lock = threading.Lock()
        self._open = True

    def append(self, answered: Answered) -> None:
        """Write and flush."""
        line = line_of(answered)
        with self._lock:
            _refuse_closed(self._open)
            self._segment.write(line)
            self._segment.flush()

    def close(self) -> None:
        """End the log."""
        with self._lock:
            if self._open:
                self._open = False
                self._segment.close()


class Durable:
    """Every append is with the operating system before it returns, and on the disk within 100 ms."""

    dropped = 0

    def __init__(self, segment: _Segment) -> None:
        self._segment = segment
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._open = True
        self._ended = threading.Event()
        self._flusher = threading.Thread(target=self._flush_often, name="mlctl-journal", daemon=True)
        self._flusher.start()

    def append(self, answered: Answered) -> None:
        """Write; the flusher is told."""
        line = line_of(answered)
        with self._lock:
            _refuse_closed(self._open)
            self._segment.write(line)
        if not self._dirty.is_set():
            self._dirty.set()

    def close(self) -> None:
        """Flush and end the log."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        self._ended.set()
        self._dirty.set()
        self._flusher.join()
        self._segment.close()

    def _flush_often(self) -> None:
        while not self._ended.is_set():
            self._dirty.wait()
            self._ended.wait(FLUSH_SECONDS)
            self._dirty.clear()
            with self._lock:
                descriptor = os.dup(self._segment.descriptor)  # rolling may close the segment's own
            with suppress(OSError):  # the next append meets the same disk and reports it
                os.fsync(descriptor)
            os.close(descriptor)


class Queued:
    """Appends never wait for the disk; what does not fit into the queue is counted in `dropped`, in rows."""

    def __init__(self, segment: _Segment) -> None:
        self.dropped = 0
        self._segment = segment
        self._queue: deque[Answered] = deque()
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._open = True
        self._writer = threading.Thread(target=self._write_out, name="mlctl-journal", daemon=True)
        self._writer.start()

    def append(self, answered: Answered) -> None:
        """Queue, or count as dropped."""
        with self._lock:
            _refuse_closed(self._open)
            if len(self._queue) >= QUEUE_REQUESTS:
                self.dropped += len(answered.ids)
                return
            self._queue.append(answered)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what is queued and end the log."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        self._some.set()
        self._writer.join()
        self._segment.close()

    def _write_out(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            while True:
                with self._lock:
                    batch = list(self._queue)
                    self._queue.clear()
                if not batch:
                    break
                self._write(batch)
            if not self._open and not self._queue:
                return

    def _write(self, batch: list[Answered]) -> None:
        try:
            self._segment.write(b"".join([line_of(answered) for answered in batch]))
            self._segment.flush()
        except Exception:  # noqa: BLE001 - the writer must outlive any batch; what it loses is counted
            with self._lock:
                self.dropped += sum(len(answered.ids) for answered in batch)


def _refuse_closed(still_open: bool) -> None:
    if not still_open:
        raise ValueError("the journal is closed")

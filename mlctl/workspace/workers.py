"""Worker processes for files: batches go out, answers come back in the order in which they were asked for.

Each worker is a bare interpreter (20 ms, 10 MiB) that runs `serve`; nothing is forked, so threads of the
caller do not matter. A worker that dies has its batch done by the caller's process instead.
"""

import marshal
import os
import select
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any, Protocol

from mlctl.workspace.copying import Copier
from mlctl.workspace.hashing import Taker
from mlctl.workspace.restoring import Restorer

_LENGTH = struct.Struct("<I")
_MOST = 8
_PATIENCE = 1.0  # seconds
_START = "import sys; sys.path.append(sys.argv[1]); from mlctl.workspace.workers import serve; serve()"
_KINDS: dict[str, Any] = {"take": Taker, "restore": Restorer, "copy": Copier}


class Doer(Protocol):
    """Does a batch: `Taker`, `Restorer` or `Copier`."""

    def do(self, items: list[Any]) -> list[Any]:
        """What became of each item, in order; after a failure the rest is left out."""

    def close(self) -> None:
        """Let go of what was opened, and remove what is aside, wherever `do` was broken off."""


class Job:
    """A batch that was handed out."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self._answer: SimpleQueue[list[Any] | BaseException] = SimpleQueue()

    def done(self, answer: list[Any] | BaseException) -> None:
        """Say what became of it; called once."""
        self._answer.put(answer)

    def result(self) -> list[Any]:
        """Wait for what became of it; to be called once."""
        answer = self._answer.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Workers:
    """Some processes that do batches of one kind, until closed."""

    def __init__(self, kind: str, *arguments: Any, count: int | None = None) -> None:
        """Start them.

        Args:
            kind: "take", "restore" or "copy".
            arguments: of `Taker`, `Restorer` or `Copier`.
            count: processes; one a CPU by default.
        """
        self.count = count or min(_MOST, _cpus())
        self._hello = marshal.dumps((kind, arguments))
        self._kind, self._arguments = kind, arguments
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._processes: list[int] = []
        self._aborted = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(self.count)]
        for thread in self._threads:
            thread.start()

    def submit(self, items: list[Any]) -> Job:
        """Hand out a batch."""
        job = Job(items)
        self._jobs.put(job)
        return job

    def close(self, *, abort: bool = False) -> None:
        """End the processes; with `abort` in the middle of what they do."""
        if abort:
            self._aborted = True
            with self._lock:
                for process in self._processes:
                    os.kill(process, signal.SIGTERM)
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _attend(self) -> None:
        """Feed one worker; where it cannot be started or dies, do its work here."""
        here: Doer | None = None
        worker = self._spawned()
        while (job := self._jobs.get()) is not None:
            answer = _asked(worker, job.items) if worker is not None and not self._aborted else None
            if answer is None and self._aborted:
                job.done(InterruptedError())
                continue
            try:
                if answer is None:
                    here = here or _KINDS[self._kind](*self._arguments)
                    answer = here.do(job.items)
                job.done(answer)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the answer
                job.done(error)
        if worker is not None:
            process, requests, answers = worker
            os.close(requests)
            os.close(answers)
            with self._lock:
                self._processes.remove(process)
                os.waitpid(process, 0)

    def _spawned(self) -> tuple[int, int, int] | None:
        try:
            worker = _spawn()
        except OSError:
            return None
        with self._lock:
            self._processes.append(worker[0])
        _send(worker[1], self._hello)
        return worker


def _cpus() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _spawn() -> tuple[int, int, int]:
    if not sys.executable:
        raise FileNotFoundError("an embedded interpreter does not know its program")
    package = Path(__file__).resolve().parents[2]
    theirs, ours = os.pipe()
    back, answers = os.pipe()
    command = [sys.executable, "-I", "-S", "-c", _START, str(package)]
    actions = [(os.POSIX_SPAWN_DUP2, theirs, 0), (os.POSIX_SPAWN_DUP2, answers, 1)]
    try:
        process = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
    except OSError:
        os.close(ours)
        os.close(back)
        raise
    finally:
        os.close(theirs)
        os.close(answers)
    return process, ours, back


def _asked(worker: tuple[int, int, int], items: list[Any]) -> list[Any] | None:
    """The worker's answer; None where it has died."""
    if not _send(worker[1], marshal.dumps(items)):
        return None
    answer = _received(worker[2])
    return None if answer is None else list(answer)


def _send(descriptor: int, frame: bytes) -> bool:
    view = memoryview(_LENGTH.pack(len(frame)) + frame)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        return False
    return True


def _received(descriptor: int) -> Any:
    head = _read(descriptor, _LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    frame = _read(descriptor, length)
    return marshal.loads(frame) if len(frame) == length else None  # noqa: S302 - from a process of our own


def _read(descriptor: int, length: int) -> bytes:
    pieces = []
    while length and (piece := os.read(descriptor, min(length, 1 << 20))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def serve() -> None:
    """The worker's own life: what to be, then batches, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the caller, who ends us
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_die_with_the_caller, daemon=True).start()
    hello = _received(0)
    if hello is None:
        return
    kind, arguments = hello
    doer: Doer = _KINDS[kind](*arguments)
    try:
        while (items := _received(0)) is not None:
            if not _send(1, marshal.dumps(doer.do(items))):
                return
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        doer.close()


def _die_with_the_caller() -> None:
    """A caller that was killed closes our input: a file of hours is not read to its end for nobody."""
    watch = select.poll()
    watch.register(0, 0)  # told of nothing but the other end's going
    watch.poll()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)  # the kernel may be in the middle of copying a large file, deaf to signals
    os._exit(1)


def _end(number: int, frame: FrameType | None) -> None:
    """Leave through `serve`'s `finally`, which removes what is aside."""
    del frame
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)

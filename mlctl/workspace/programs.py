"""Another program, run to its end: its output as it comes, its time limited, and nothing of it left behind.

It is the head of a process group of its own. However it ends, what is left of the group is killed, and so is,
on Linux, a process that has left the group and still holds the variable that marks the run.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

_TICK = 0.2  # seconds between two looks at the clock
_BLOCK = 1 << 16
_PARENT_DEATH = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended.

    Attributes:
        code: its exit code; None where a signal ended it.
        signal: name of that signal ("SIGKILL"), or None.
        late: whether it was ended because its time was over.
        left: how many processes it left behind, which were ended.
        seconds: how long it ran.
        printed: bytes of output in all.
    """

    code: int | None
    signal: str | None
    late: bool
    left: int
    seconds: float
    printed: int


def run_program(
    command: Sequence[str],
    *,
    folder: Path,
    variables: Mapping[str, str],
    mark: tuple[str, str],
    hear: Callable[[bytes], None],
    tick: Callable[[], None],
    limit: float | None,
    grace: float = 5.0,
) -> Ended:
    """Run it to its end.

    Args:
        command: the program and its arguments.
        folder: it starts in.
        variables: its whole environment.
        mark: one of them, by which its processes are known.
        hear: is handed its output, stderr among it, as it comes.
        tick: is called several times a second.
        limit: seconds after which it is ended.
        grace: seconds that it has to end after it was asked to.

    Raises:
        OSError: it cannot be started.
        KeyboardInterrupt: as it came, once the program has ended.
    """
    _end_marked(mark)  # of an earlier start whose end nobody saw
    started = time.monotonic()
    with subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, which allocates nothing that is locked
    ) as child:
        late = False
        left = 0
        try:
            printed, late = _listen(child, hear, tick, None if limit is None else started + limit)
        except BaseException:
            _end(child, signal.SIGINT, grace)
            raise
        finally:
            if late:
                _end(child, signal.SIGTERM, grace)
            left = _end_rest(child.pid, mark)
        code = child.wait()
    return Ended(
        code=code if code >= 0 else None,
        signal=_name(-code) if code < 0 else None,
        late=late,
        left=left,
        seconds=time.monotonic() - started,
        printed=printed,
    )


def _end_with_parent() -> None:
    """Let the system end the program where the process that runs it is killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PARENT_DEATH, signal.SIGKILL)


def _listen(
    child: "subprocess.Popen[bytes]",
    hear: Callable[[bytes], None],
    tick: Callable[[], None],
    end: float | None,
) -> tuple[int, bool]:
    """Hand on the output until the program has ended: bytes in all, and whether its time was over."""
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    printed, pipe = 0, child.stdout
    os.set_blocking(pipe.fileno(), False)
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        ticked = 0.0
        while True:
            running = child.poll() is None
            open_ = bool(ready.get_map())
            data: Any = None
            if open_ and ready.select(_TICK if running else 0):
                data = pipe.read(_BLOCK)
                if data:
                    printed += len(data)
                    hear(data)
                else:
                    ready.unregister(pipe)
            elif running and not open_:
                time.sleep(_TICK)
            now = time.monotonic()
            if now - ticked >= _TICK:
                tick()
                ticked = now
            if not running and not data:  # a process that it left behind may keep the pipe open for ever
                tick()
                return printed, False
            if end is not None and now > end:
                return printed, True


def _end(child: "subprocess.Popen[bytes]", first: signal.Signals, grace: float) -> None:
    """Ask the program's group to end, and kill it where it does not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _end_rest(group: int, mark: tuple[str, str]) -> int:
    """Kill what is left of the program; how many processes there were."""
    left = _end_marked(mark, but=group)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    return left


def _end_marked(mark: tuple[str, str], but: int | None = None) -> int:
    """Kill the processes that hold the mark, `but` one; how many there were."""
    wanted = f"{mark[0]}={mark[1]}".encode()
    rest = [pid for pid in _processes() if pid not in {but, os.getpid()} and _marked(pid, wanted)]
    for pid in rest:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(rest)


def _processes() -> list[int]:
    try:
        return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
    except OSError:  # another system; the group is all that is known of there
        return []


def _marked(pid: int, wanted: bytes) -> bool:
    try:
        given = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # another user's, or gone
        return False
    return wanted in given.split(b"\0")


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

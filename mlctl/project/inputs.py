"""Records what a command's answer rests on: the files that it opens, the folders that it lists or looks at.

The interpreter tells of them (audit events), and `domain.looks` of the rest, so no list of dependencies has
to be kept beside the code that has them. What cannot be followed (another program, the network, the clock
read freely) makes the record incomplete, and its answer is then not kept.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from mlctl.domain.looks import CLOCK, ENVIRONMENT, LOOKED_AT, SPAN
from mlctl.store.index import FIELDS
from mlctl.store.known import START
from mlctl.store.layout import FOLDER

MOST = 2_000
"""Paths after which nobody counts any more."""

_GIVEN = "/proc/self/environ"  # variables are told one by one
_COMPILED = (".pyc", ".so")
_PASSING = frozenset(
    {"index", "tmp", "locks", "crashes"}
)  # under .mlctl/: no answer rests on them, with one exception
_IMMUTABLE = frozenset(
    {"facts", "objects", "decisions", "checkpoints"}
)  # there, what is in a folder tells all
_OUT_OF_SIGHT = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
    | {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.bind",
        "socket.sendto",
        "mmap.__new__",
        "ctypes.dlopen",
    }
)


class Recording:
    """What was read since it was started.

    Attributes:
        started: wall clock and monotonic clock, ns.
        until: the first moment, ns since 1970, at which time alone may change the answer; None for never.
    """

    def __init__(self) -> None:
        self.started = (time.time_ns(), time.monotonic_ns())
        self.until: int | None = None
        self._folder = os.getcwd()
        self._paths: set[str] = set()
        self._variables: set[str] = set()
        self._clock = 0
        self._followed = True

    @classmethod
    def start(cls) -> "Recording":
        """Listen from now on; the one that listened before hears nothing any more."""
        made = cls()
        _LISTENER.listen(made)
        return made

    def stop(self) -> None:
        """Hear nothing any more."""
        _LISTENER.leave(self)

    @property
    def complete(self) -> bool:
        """Whether everything that the answer rests on is known."""
        return self._followed and self._clock == 0

    def paths(self, root: str) -> set[str]:
        """Every file, folder and "$VARIABLE" that a project's answer rests on, the program's own among them.

        Names that cannot change what they hold (facts, objects, decisions) are told by their folders.
        """
        store = os.path.join(root, FOLDER)
        always = [os.path.join(store, "decisions"), *(os.path.join(store, "facts", kind) for kind in FIELDS)]
        loaded = {name: _file_of(module) for name, module in list(sys.modules.items())}
        imported = set(loaded.values())
        own = {file for name, file in loaded.items() if file and name.partition(".")[0] == "mlctl"}
        folders = {os.path.join(self._folder, folder) for folder in sys.path}
        read = {told for path in self._paths if path not in imported and (told := _told_by(path, store))}
        return {*read, *own, *folders, *always, *self._variables}

    def _absolute(self, name: str) -> str:
        return os.path.join(self._folder, name).rstrip(os.sep) or os.sep

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take in an audit event."""
        act = _ACTS.get(event)
        if act is not None:
            act(self, arguments)
        elif event in _OUT_OF_SIGHT:
            self.lose()

    def lose(self) -> None:
        """Say that something cannot be followed."""
        self._followed = False
        self._paths.clear()

    def add(self, arguments: tuple[Any, ...]) -> None:
        """A file that is opened, or a folder that is listed."""
        path = arguments[0]
        if isinstance(path, int):
            return  # opened by name before
        name = os.fsdecode(path) if path is not None else ""
        if self._followed and not name.endswith(_COMPILED) and name != _GIVEN:
            self._paths.add(self._absolute(name))

    def add_looks(self, arguments: tuple[Any, ...]) -> None:
        """Files that are looked at and not opened."""
        folder, names = arguments
        if len(names) > MOST:
            self.lose()
        for name in names if self._followed else ():
            self._paths.add(self._absolute(os.path.join(folder, name)))

    def add_variables(self, arguments: tuple[Any, ...]) -> None:
        """Variables of the environment that were read."""
        self._variables |= {f"${name}" for name in arguments[0]}

    def add_database(self, arguments: tuple[Any, ...]) -> None:
        """SQLite opens its files out of sight; those of `.mlctl/index/` are copies of what facts say."""
        path = os.fsdecode(arguments[0])
        if path != ":memory:" and f"{os.sep}{FOLDER}{os.sep}index{os.sep}" not in path:
            self.lose()

    def add_clock(self, _arguments: tuple[Any, ...]) -> None:
        """The time was asked for."""
        self._clock += 1

    def add_span(self, arguments: tuple[Any, ...]) -> None:
        """The time was asked for, and only to compare it with this moment."""
        self._clock -= 1
        end = int(arguments[0] * 1_000_000_000)
        if end > self.started[0]:
            self.until = min(end, self.until or end)


_ACTS: dict[str, Callable[[Recording, tuple[Any, ...]], None]] = {
    "open": Recording.add,
    "os.listdir": Recording.add,
    "os.scandir": Recording.add,
    "sqlite3.connect": Recording.add_database,
    LOOKED_AT: Recording.add_looks,
    ENVIRONMENT: Recording.add_variables,
    CLOCK: Recording.add_clock,
    SPAN: Recording.add_span,
}


class _Listener:
    """The one audit hook of the process: they cannot be taken away again."""

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._hooked = False

    def listen(self, recording: Recording) -> None:
        """Tell this recording from now on."""
        self._recording = recording
        if not self._hooked:
            sys.addaudithook(self._hear)
            self._hooked = True

    def leave(self, recording: Recording) -> None:
        """Tell this recording no longer."""
        if self._recording is recording:
            self._recording = None

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        recording = self._recording
        if recording is None:
            return
        try:
            recording.hear(event, arguments)
        except Exception:  # noqa: BLE001 - an audit hook that raises stops what it only listens to
            recording.lose()


_LISTENER = _Listener()


def _file_of(module: Any) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.abspath(file) if isinstance(file, str) else None


def _told_by(path: str, store: str) -> str | None:
    """The path whose stamp tells of a change to this one; None where no answer rests on it."""
    if not path.startswith(store + os.sep):
        return path
    room = path[len(store) + 1 :].split(os.sep)
    if room[0] in _PASSING:
        return path if room[1:] and room[1].startswith(START) else None  # what a remote was given
    return os.path.dirname(path) if room[0] in _IMMUTABLE and len(room) > 1 else path

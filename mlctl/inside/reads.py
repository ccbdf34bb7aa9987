"""What a Python program reads outside of its project, from `mlctl.run()` on: files, SQLite, the network.

The interpreter tells of it (audit events); native readers it does not see. `mlctl train` counts what was seen
among what the run used. What lies in the project counts anyway.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.handover import Reads

_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/run/", "/opt/")
_WRITING = os.O_WRONLY | os.O_RDWR
_LOOPBACK = ("127.", "::1", "localhost")


class Listener:
    """Hears what is read until it is told to stop. What the program has written itself does not count.

    Args:
        root: the project's folder, and whatever else is seen without it.
    """

    def __init__(self, *roots: Path) -> None:
        places = [*map(str, roots), sys.prefix, sys.base_prefix, sys.exec_prefix]
        self._known = tuple({f"{os.path.realpath(one)}{os.sep}" for one in places} | set(_SYSTEM))
        self._stamps: dict[str, tuple[int, int]] = {}
        self._own: set[str] = set()
        self._network: set[str] = set()
        self._listens = True
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                self._saw(file)
        sys.addaudithook(self._hear)

    def stop(self) -> Reads:
        """Hear nothing more; what was heard."""
        self._listens = False
        return Reads(files=dict(sorted(self._stamps.items())), network=tuple(sorted(self._network)))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._listens or event not in {"open", "sqlite3.connect", "socket.connect"}:
            return
        if event == "socket.connect":
            address = arguments[1]
            if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
                self._network.add(str(address[0]))
        elif event == "open" and (arguments[2] or 0) & _WRITING:
            self._own.add(_full(arguments[0]))
        else:
            self._saw(arguments[0])

    def _saw(self, path: Any) -> None:
        full = _full(path)
        if full in self._stamps or full in self._own or full.startswith(self._known) or "-packages/" in full:
            return
        if os.path.realpath(full).startswith(self._known):
            return
        with contextlib.suppress(OSError):
            status = Path(full).stat()
            if stat.S_ISREG(status.st_mode):
                self._stamps[full] = (status.st_size, status.st_mtime_ns)


def _full(path: Any) -> str:
    """The absolute path; that of nothing in particular for what is opened already."""
    plain = isinstance(path, str | bytes | os.PathLike)
    return str(Path.cwd() / os.fsdecode(path)) if plain else "/dev/"


def write(reads: Reads, path: Path) -> None:
    """Leave it for `mlctl train`."""
    path.write_bytes(msgspec.json.encode(reads))

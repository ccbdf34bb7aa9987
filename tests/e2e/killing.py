"""Commands killed with SIGKILL at random moments: a folder they run in, the killer, and what is compared.

The command runs in a fork of this process, which has imported everything, and in worker processes of its own.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.store.crash_harness import killed_at, mlctl

Bytes = dict[str, bytes]
Commands = Mapping[tuple[str, ...], float]
Kill = Callable[[tuple[str, ...], "Folder"], bool]
"""Runs a command in a folder and may kill it; whether it did."""


def below(folder: Path, *, without: tuple[str, ...] = ()) -> Bytes:
    """Every file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    named = ((path.relative_to(folder).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in named if not name.startswith(without)}


def marks(folder: Path) -> set[tuple[str, int, int]]:
    """What tells two states of a folder apart: path, size and time of every file."""
    found = set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            status = path.lstat()
            found.add((str(path), status.st_size, status.st_mtime_ns))
    return found


class Folder:
    """A copy of a state."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self.path, self.scratch = path, scratch

    def run(self, *argv: str) -> int:
        """A command to its end; its exit code."""
        return killed_at(0, mlctl(argv, self.path), self.scratch / "said")[1]

    def said(self) -> str:
        return "".join((self.scratch / name).read_text()[-1500:] for name in ("said", "said.err"))

    def data(self) -> Bytes:
        """The work tree's own files."""
        return below(self.path, without=(".mlctl/", ".dvc/", ".git/"))

    def cached(self) -> Bytes:
        """What the cache and its trash hold, by md5."""
        found = below(self.path / ".mlctl" / "cache", without=("tmp/",))
        return {name.partition("files/md5/")[2]: data for name, data in found.items() if "files/md5/" in name}


@dataclass(frozen=True)
class Scene:
    """What is killed, and what must hold afterwards.

    Attributes:
        template: a copy of it is what each kill begins from.
        act: given the copy, runs commands that may be killed and looks; the failures found.
        outside: what tells two states apart of what does not lie in the copy.
        reset: brings that back to what it was.
    """

    template: Path
    act: Callable[[Folder, Kill], list[str]]
    outside: Callable[[], object] = lambda: None
    reset: Callable[[], object] = lambda: None


def kill_at_random(argv: tuple[str, ...], folder: Folder, delay: float) -> bool:
    """Run a command and kill it after a while; whether it was still running."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        code = 99
        try:
            code = mlctl(argv, folder.path)()
        finally:
            os._exit(code)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


class Killer:
    """Runs commands and kills each after a random part of the time that it took when it was left alone."""

    def __init__(self, chance: random.Random, took: Commands, state: Callable[[], object]) -> None:
        self.chance, self.took, self.state = chance, took, state
        self.killed = self.midway = 0
        self.delays: list[float] = []
        self.failures: list[str] = []

    def __call__(self, argv: tuple[str, ...], folder: Folder) -> bool:
        least = self.chance.choice((0.0, 0.5))  # writes come late where much is read or asked first
        self.delays.append(self.chance.uniform(least, 1.0) * self.took.get(argv, 0.2))
        before = self.state()
        was = kill_at_random(argv, folder, self.delays[-1])
        self.killed += was
        if not all_gone():
            self.failures.append("a worker outlives its caller")
        self.midway += was and self.state() != before
        return was


def workers() -> list[int]:
    """Living worker processes that nobody else has started: orphans, adopted by this process's reaper."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        try:
            if (
                entry.name.isdigit()
                and f"MLCTL_KILLED={os.getpid()}".encode() in (entry / "environ").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return [process for process in found if process != os.getpid()]


def all_gone(seconds: float = 20.0) -> bool:
    """Wait until no worker lives any more."""
    end = time.monotonic() + seconds
    while workers():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def same(what: str, wanted: Bytes, there: Bytes) -> list[str]:
    lost = [name for name, data in wanted.items() if there.get(name) != data]
    return [f"{what}: {len(lost)} files lost or changed: {lost[:3]}"] if lost else []


def then(folder: Folder, *commands: tuple[str, ...]) -> list[str]:
    for argv in (*commands, ("fsck",)):
        if code := folder.run(*argv):
            return [f"then `mlctl {' '.join(argv)}` exits {code}: {folder.said()}"]
    return []

"""Kills data commands with SIGKILL at random moments, run as a program: WORK WHAT TIMES SEED.

The command runs in a fork of this process, which has imported everything, and in worker processes of its own.
After each kill: no worker lives on; every file that was there is there, byte for byte; `fsck` is clean; the
command, run again, ends as if nothing had happened. It prints what it found as JSON.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from tests.e2e.kill_commands import HEAVY
from tests.store.crash_harness import killed_at, mlctl

FILES = 620  # more than make the program start workers
STRAYS = 400
Bytes = dict[str, bytes]


def below(folder: Path, *, without: tuple[str, ...] = ()) -> Bytes:
    """Every file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    named = ((path.relative_to(folder).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in named if not name.startswith(without)}


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


def images(folder: Path) -> None:
    """A folder of files, each of its own bytes."""
    for number in range(FILES):
        path = folder / "img" / f"{number % 7}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d\n" % number * (1 + number % 50))


def changed(folder: Path) -> None:
    """Some are changed, some moved, some gone, some new."""
    for number in range(0, FILES, 3):
        path = folder / "img" / f"{number % 7}" / f"{number}.bin"
        if number % 2:
            path.rename(path.with_name(f"moved-{number}.bin"))
        else:
            path.write_bytes(b"changed %d\n" % number)
    for number in range(200):
        (folder / "img" / f"new-{number}.bin").write_bytes(b"new %d\n" % number)


def states(work: Path) -> tuple[Path, Path]:
    """A project whose folder has changed since it was added; one with both versions and stray data."""
    one = Folder(work / "one", work)
    one.path.mkdir(parents=True)
    images(one.path)
    (one.path / "a.bin").write_bytes(b"a")
    for argv in (("init",), ("data", "add", "img", "a.bin")):
        assert one.run(*argv) == 0, one.said()
    changed(one.path)
    shutil.copytree(one.path, work / "two")
    two = Folder(work / "two", work)
    assert two.run("data", "add", "img") == 0, two.said()
    for number in range(STRAYS):
        data = b"stray %d" % number
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        stray = two.path / ".mlctl/cache/files/md5" / md5[:2] / md5[2:]
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(data)
    return one.path, two.path


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

    def __init__(self, chance: random.Random, took: Mapping[tuple[str, ...], float]) -> None:
        self.chance, self.took = chance, took
        self.killed = 0
        self.delays: list[float] = []
        self.failures: list[str] = []

    def __call__(self, argv: tuple[str, ...], folder: Folder) -> bool:
        self.delays.append(self.chance.uniform(0.0, self.took.get(argv, 0.2)))
        was = kill_at_random(argv, folder, self.delays[-1])
        self.killed += was
        if not all_gone():
            self.failures.append("a worker outlives its caller")
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


def kill_add(folder: Folder, kill: Callable[..., bool]) -> list[str]:
    """Nothing that stands in the work tree or the cache changes; run again, it ends as without the kill."""
    before, cached = folder.data(), folder.cached()
    kill(("data", "add", "img"), folder)
    found = _same(
        "the work tree", {name: before[name] for name in before if ".dvc" not in name}, folder.data()
    )
    found += _same("the cache", cached, folder.cached())
    return found + _then(folder, ("data", "add", "img"), ("data", "status", "--check"))


def kill_checkout(folder: Folder, kill: Callable[..., bool]) -> list[str]:
    """Each file is the old one or the new one; both versions can be had afterwards."""
    new, cached = folder.data(), folder.cached()
    kill(("data", "checkout", "img@1"), folder)
    held = set(folder.cached().values())
    strange = [
        name
        for name, data in folder.data().items()
        if data not in held and new.get(name) != data and ".dvc" not in name
    ]
    found = [f"neither old nor new: {strange[:3]}"] if strange else []
    found += _same("the cache", cached, folder.cached())
    found += _then(folder, ("data", "checkout", "img@1"), ("data", "checkout", "img@2"))
    return found + _same("the work tree", new, folder.data())


def kill_gc(folder: Folder, kill: Callable[..., bool]) -> list[str]:
    """Every file is in the cache or in the trash; --restore brings all back."""
    before, cached = folder.data(), folder.cached()
    kill(("gc", "--yes", "--older-than", "0s"), folder)
    found = _same("cache and trash", cached, folder.cached()) + _same("the work tree", before, folder.data())
    if folder.run("fsck"):
        found.append(f"fsck: {folder.said()}")
    if (folder.path / ".mlctl/cache/trash").exists():
        kill(("gc", "--restore"), folder)
        folder.run("gc", "--restore")
    found += _same("the cache after --restore", cached, folder.cached())
    if (folder.path / ".mlctl/cache/trash").exists():
        found.append("there is something in the trash after --restore")
    return found + _then(folder, ("gc", "--yes", "--older-than", "0s"))


def _same(what: str, wanted: Bytes, there: Bytes) -> list[str]:
    lost = [name for name, data in wanted.items() if there.get(name) != data]
    return [f"{what}: {len(lost)} files lost or changed: {lost[:3]}"] if lost else []


def _then(folder: Folder, *commands: tuple[str, ...]) -> list[str]:
    for argv in (*commands, ("fsck",)):
        if code := folder.run(*argv):
            return [f"then `mlctl {' '.join(argv)}` exits {code}: {folder.said()}"]
    return []


KILLS = {"add": (0, kill_add), "checkout": (1, kill_checkout), "gc": (1, kill_gc)}


def main() -> int:
    """The program."""
    work, what, times, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ["MLCTL_KILLED"] = str(os.getpid())
    for module in (
        *HEAVY,
        "mlctl.verbs.data_add",
        "mlctl.verbs.data_checkout",
        "mlctl.verbs.gc",
        "mlctl.verbs.fsck",
    ):
        import_module(module)
    chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed, not to be secret
    number, act = KILLS[what]
    template = states(work)[number]
    whole = Folder(work / "whole", work)
    shutil.copytree(template, whole.path)
    took: dict[tuple[str, ...], float] = {}

    def run(argv: tuple[str, ...], folder: Folder) -> bool:
        started = time.monotonic()
        folder.run(*argv)
        took[argv] = time.monotonic() - started
        return False

    act(whole, run)
    failures, killed = [], 0
    for turn in range(times):
        copy = Folder(work / "copy", work)
        shutil.rmtree(copy.path, ignore_errors=True)
        shutil.copytree(template, copy.path)
        killer = Killer(chance, took)
        found = act(copy, killer)
        killed += killer.killed
        if found := [*found, *killer.failures]:
            failures.append({"turn": turn, "delays": killer.delays, "failures": found})
    sys.stdout.write(json.dumps({"killed": killed, "failures": failures}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

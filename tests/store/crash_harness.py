"""Kills a command with SIGKILL at each of its write points in turn, and looks at what is left.

A write point is a system call that changes a disk (open to create, write, link, rename, unlink, mkdir,
truncate, fsync), before it happens; for a write also after half of its bytes. The calls are counted by
patching `os` and `open` here, in the killed process only: the product knows nothing of it.

As a program: `crash_harness.py TEMPLATE WORK [--every K] [--then ARGV]... -- ARGV...` copies the repository
TEMPLATE to WORK before each kill, runs `mlctl ARGV`, then checks: `mlctl fsck` is clean, every decision of
TEMPLATE is still there, what was acknowledged is there, and `mlctl ARGV` (or each `--then`) works. It prints
one JSON document and exits 1 on failures.
"""

import argparse
import builtins
import io
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_CALLS = (
    "link",
    "rename",
    "replace",
    "fsync",
    "fdatasync",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "ftruncate",
    "truncate",
)
_WRITES = os.O_WRONLY | os.O_RDWR
_STANDARD = 2


class Killer:
    """Counts write points and kills this process at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self._write = os.write
        self._open = os.open
        self._io_open = io.open

    def point(self) -> bool:
        """Whether the process must die now."""
        self.count += 1
        return self.count == self.at

    def die(self) -> None:
        """Die at once, as if the power of this process had gone."""
        os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Patch this process."""
        for name in _CALLS:
            setattr(os, name, self._counted(getattr(os, name)))
        os.write = self.write
        os.open = self.open
        io.open = builtins.open = self.io_open

    def _counted(self, call):
        def patched(*args, **kwargs):
            if self.point():
                self.die()
            return call(*args, **kwargs)

        return patched

    def write(self, descriptor, data):
        if descriptor <= _STANDARD:
            return self._write(descriptor, data)
        if self.point():
            self.die()
        if self.point():
            self._write(descriptor, bytes(data)[: len(data) // 2])
            self.die()
        return self._write(descriptor, data)

    def open(self, path, flags, *args, **kwargs):
        if flags & (_WRITES | os.O_CREAT | os.O_TRUNC) and self.point():
            self.die()
        return self._open(path, flags, *args, **kwargs)

    def io_open(self, file, mode="r", *args, **kwargs):
        changes = any(letter in mode for letter in "wax+") and not isinstance(file, int)
        if changes and self.point():
            self.die()
        opened = self._io_open(file, mode, *args, **kwargs)
        if changes and self.point():  # created or cut, and nothing written yet
            self.die()
        return opened


def killed_at(number: int, act: Callable[[], int], output: Path) -> tuple[bool, int]:
    """Run `act` in a forked process that dies at write point `number` (0: never).

    Returns:
        Whether it was killed, and otherwise its exit code. Its stdout goes to the file `output`.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(target, 1)
            os.dup2(os.open(f"{output}.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            if number:
                Killer(number).install()
            code = act()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:  # noqa: BLE001 - the forked process must end here, whatever happened
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True, -os.WTERMSIG(status)
    return False, os.WEXITSTATUS(status)


def mlctl(argv: Sequence[str], folder: Path) -> Callable[[], int]:
    """Running an mlctl command line in a folder."""

    def act() -> int:
        os.chdir(folder)
        sys.argv = ["mlctl", *argv]
        from mlctl.__main__ import main  # noqa: PLC0415 - a harness for programs that do not import mlctl, too

        return int(main() or 0)

    return act


def sweep(
    template: Path,
    work: Path,
    act: Callable[[Path], Callable[[], int]],
    check: Callable[[Path, Path], list[str]],
    *,
    every: int = 1,
    dense: int = 0,
) -> dict[str, object]:
    """Kill at every `every`-th write point until the act completes; after each kill, check what is left.

    Args:
        template: the folder before the act; copied for each kill.
        work: where the copies are made, one at a time.
        act: given the copy, what to run and kill.
        check: given the copy and the file with the killed process's stdout, the failures found.
        every: 1 for each write point.
        dense: how many of the first write points are all killed at.
    """
    work.mkdir(parents=True, exist_ok=True)
    failures: list[dict[str, object]] = []
    number, kills = 1, 0
    while True:
        folder, output = work / "copy", work / "stdout"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder, symlinks=True)
        killed, code = killed_at(number, act(folder), output)
        kills += killed
        found = check(folder, output)
        if not killed and code != 0:
            said = Path(f"{output}.err").read_text(encoding="utf-8")[-2000:]
            found.append(f"uninterrupted, it exits {code}: {said}")
        if found:
            failures.append({"point": number, "failures": found})
        if not killed:
            return {"points": number - 1, "kills": kills, "failures": failures}
        number += 1 if number < dense else every


def checked(
    template: Path, argv: Sequence[str], then: Sequence[Sequence[str]]
) -> Callable[[Path, Path], list[str]]:
    """What must hold after a kill of `mlctl argv`."""
    before = _log(template)

    def check(folder: Path, output: Path) -> list[str]:
        failures = _fsck(folder, "after the kill")
        now = _log(folder)
        if any(now.get(name) != text for name, text in before.items()):
            failures.append("a decision from before is gone or changed")
        decision = _acknowledged(output)
        if decision is not None and decision > len(now):
            failures.append(f"decision {decision} was acknowledged and is gone")
        for command in then or [argv]:
            with tempfile.TemporaryDirectory() as scratch:
                said = Path(scratch) / "stdout"
                _killed, code = killed_at(0, mlctl(command, folder), said)
                if code != 0:
                    error = Path(f"{said}.err").read_text(encoding="utf-8")[-1500:]
                    failures.append(f"then `mlctl {shlex.join(command)}` exits {code}: {error}")
        return failures + _fsck(folder, "after the next command")

    return check


def _fsck(folder: Path, when: str) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        said = Path(scratch) / "stdout"
        _killed, code = killed_at(0, mlctl(["fsck", "--json"], folder), said)
        if code == 0:
            return []
        text = (
            said.read_text(encoding="utf-8")[-1500:] + Path(f"{said}.err").read_text(encoding="utf-8")[-1500:]
        )
        return [f"fsck {when} exits {code}: {text}"]


def _log(folder: Path) -> dict[str, bytes]:
    decisions = folder / ".mlctl" / "decisions"
    return {path.name: path.read_bytes() for path in decisions.iterdir()} if decisions.exists() else {}


def _acknowledged(output: Path) -> int | None:
    """The decision that a finished JSON document on stdout says was made."""
    try:
        decision = json.loads(output.read_text(encoding="utf-8"))["data"]["decision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return decision if isinstance(decision, int) else None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("template", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--then", action="append", default=[], type=shlex.split)
    cut = sys.argv.index("--")
    options, argv = parser.parse_args(sys.argv[1:cut]), sys.argv[cut + 1 :]
    result = sweep(
        options.template,
        options.work,
        lambda folder: mlctl(argv, folder),
        checked(options.template, argv, options.then),
        every=options.every,
    )
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Runs what an error says to type next, exactly as typed: promise E3."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.e2e.projects import PROGRAM, environment

USAGE = 2
NOT_A_COMMAND = (126, 127)
ENDLESS = {"serve", "--watch"}


def hints_of(stderr: str) -> list[str]:
    """The commands that an error on the terminal names."""
    return [line.removeprefix("  try: ") for line in stderr.splitlines() if line.startswith("  try: ")]


def broken(hints: Iterable[str], folder: Path, **more: str) -> list[str]:
    """The hints that are no command, or whose command line mlctl does not understand.

    Each is run by a shell in a copy of the folder, so that none sees what another has done. What it answers
    is its own matter: it may find nothing, or refuse.
    """
    return [f"{hint}: {why}" for hint in hints if (why := _wrong(hint, folder, **more))]


def _wrong(hint: str, folder: Path, **more: str) -> str | None:
    if shutil.which(shlex.split(hint)[0], path=_path()) is None:
        return "no such program"
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        program = subprocess.Popen(
            ["sh", "-c", hint],
            cwd=copy,
            env=environment(**{"PATH": _path(), "MLCTL_VERBOSE": "1", **more}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if ENDLESS & set(shlex.split(hint)) and program.stdout is not None:
            program.stdout.readline()  # it has begun, or it has failed
            os.killpg(program.pid, signal.SIGINT)
        out, _ = program.communicate(timeout=120)
    if program.returncode in {USAGE, *NOT_A_COMMAND} or "Traceback" in out:
        return f"exits {program.returncode}: {out}"
    return None


def _path() -> str:
    return f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"

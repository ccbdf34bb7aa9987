"""Runs what an error says to type next, exactly as typed: promise E3."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.e2e.projects import PROGRAM, environment, forked

USAGE = 2
NOT_A_COMMAND = (126, 127)
OF_THE_SHELL = set("$`&|;<>*?~#(){}!=\\")
"""Signs that a shell may take for more than themselves."""
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
    if hint.startswith("pip ") and not more:
        return _wrong_of_pip(hint)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        given = {"PATH": _path(), "MLCTL_VERBOSE": "1", **more}
        words = shlex.split(hint)
        if words[0] == "mlctl" and not ENDLESS & set(words) and not set(hint) & OF_THE_SHELL and not more:
            done = forked("mlctl", *words[1:], cwd=copy, env=environment(**given))
            return _judged(done.returncode, done.stdout + done.stderr)
        program = subprocess.Popen(
            ["sh", "-c", hint],
            cwd=copy,
            env=environment(**given),
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
    return _judged(program.returncode, out)


@cache
def _wrong_of_pip(hint: str) -> str | None:
    """Once a hint: pip takes seconds and asks nothing of the folder. It installs nothing here."""
    quiet = {"PIP_NO_INDEX": "1", "PIP_DRY_RUN": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        ["sh", "-c", hint],
        env=environment(PATH=_path(), **quiet),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return _judged(done.returncode, done.stdout + done.stderr)


def _judged(code: int, out: str) -> str | None:
    return f"exits {code}: {out}" if code in {USAGE, *NOT_A_COMMAND} or "Traceback" in out else None


def _path() -> str:
    return f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"

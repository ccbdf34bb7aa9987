"""Kills data commands with SIGKILL at random moments, run as a program: WORK WHAT KILLS SEED.

After each kill: no worker lives on; every file that was there is there, byte for byte; `fsck` is clean; the
command, run again, ends as if nothing had happened. It prints what it found as JSON: how many kills came
before the command had ended, how many of those after it had begun to write, and what was wrong.
"""

import json
import os
import random
import shutil
import sys
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from tests.e2e import data_kills, sharing_kills
from tests.e2e.kill_commands import HEAVY
from tests.e2e.killing import Folder, Killer, Scene, marks

MOST = 4  # turns for each kill: often the command ends before it comes
FLOORS = ("cli.commands", "verbs")
STEMS = ("data_add", "data_checkout", "gc", "fsck", "push", "pull")


def scene(work: Path, what: str, ends: ExitStack) -> Scene:
    """The scene of a name; `ends` closes what it needs."""
    if what in {"add", "checkout", "gc"}:
        return data_kills.scene(work, what)
    return sharing_kills.scene(work, what, ends)


def uninterrupted(made: Scene, copy: Folder) -> dict[tuple[str, ...], float]:
    """How long each command takes when it is left alone, at the least of two times."""
    took: dict[tuple[str, ...], float] = {}

    def run(argv: tuple[str, ...], folder: Folder) -> bool:
        started = time.monotonic()
        folder.run(*argv)
        took[argv] = min(time.monotonic() - started, took.get(argv, float("inf")))
        return False

    for _ in range(2):
        renew(made, copy)
        found = made.act(copy, run)
        assert not found, found
    return took


def renew(made: Scene, copy: Folder) -> None:
    """Everything as the template has it."""
    shutil.rmtree(copy.path, ignore_errors=True)
    made.reset()
    shutil.copytree(made.template, copy.path)


def main() -> int:
    """The program."""
    work, what, times, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for module in (
        *HEAVY,
        *(f"mlctl.{floor}.{stem}" for floor in ("cli.commands", "verbs") for stem in STEMS),
    ):
        import_module(module)
    chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed, not to be secret
    failures, killed, midway = [], 0, 0
    with ExitStack() as ends:
        made = scene(work, what, ends)
        os.environ["MLCTL_KILLED"] = str(os.getpid())
        copy = Folder(work / "copy", work)
        took = uninterrupted(made, copy)
        for turn in range(MOST * times):
            if killed >= times:
                break
            renew(made, copy)
            killer = Killer(chance, took, lambda: (marks(copy.path), made.outside()))
            found = made.act(copy, killer)
            killed += killer.killed
            midway += killer.midway
            if found := [*found, *killer.failures]:
                failures.append({"turn": turn, "delays": killer.delays, "failures": found})
    sys.stdout.write(json.dumps({"killed": killed, "midway": midway, "failures": failures}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

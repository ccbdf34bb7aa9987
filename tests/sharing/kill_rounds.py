"""Kills push, pull, remote add, rollback, log drop and clone: run as a program, ACT WORK [EVERY [DENSE]].

A state is a folder with two repositories of one project, `p` and `two`, and the folder that they share. After
each kill both are verified; then the killed command is run again, both push and pull, and must end equal,
with everything that was decided in either.
"""

import gc
import json
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mlctl.cli import table
from mlctl.store.repository import Repository
from tests.store import full
from tests.store.crash_harness import killed_at, mlctl, sweep
from tests.verbs.teams import Team

ACTS = {
    "first-push": ("p", ("push",)),
    "push": ("p", ("push",)),
    "verify": ("p", ("push", "--verify")),
    "pull": ("two", ("pull",)),
    "fetch": ("two", ("fetch",)),
    "fetch-parted": ("two", ("remote", "add", "origin", "../remote")),
    "adopt": ("two", ("remote", "add", "origin", "../remote", "--adopt")),
    "rollback": ("p", ("rollback", "production")),
    "drop": ("p", ("log", "drop", "p1")),
    "clone": (".", ("clone", "remote", "three")),
    "clone-vain": (".", ("clone", "remote", "three", "--only", "demand@staging")),
}
"""Which repository runs which command."""

CODES = {"drop": {0, 20}, "rollback": {0, 20}, "clone-vain": {20}}
"""What it may exit with when it is run again, where not 0 alone."""

HEAVY = (
    "mlctl.cli.main",
    "mlctl.cli.quick",
    "mlctl.cli.console",
    "rich.console",
    "pyarrow.parquet",
    "mlctl.transport.sent_again",
)
COMMANDS = ("push", "pull", "fetch", "fsck", "clone", "remote add", "rollback", "log drop")


def prepare(act: str, folder: Path) -> None:
    """The state before the act."""
    folder.mkdir(parents=True)
    team = Team(folder)
    add = ("remote", "add", "origin", "../remote")
    run(folder / "p", *add)
    if act != "first-push":
        run(folder / "p", "push")
    if act in {"fetch-parted", "adopt"}:
        _parted(team, own=act == "adopt")
        return
    if act == "first-push":
        return
    second = team.clone("two")
    first = team.first
    two = first.model(2, team.dataset)
    if act == "rollback":
        first.promote(team.one)
        first.promote(two)
        run(folder / "p", "push")
        return
    second.model(2, full.add_dataset(second.repository, 2))
    if act == "drop":
        first.promote(two)
        return
    if act in {"pull", "fetch", "clone", "clone-vain"}:
        first.promote(two)
        run(folder / "p", "push")
        return
    run(folder / "two", "push")
    if act == "verify":
        run(folder / "p", "push")
        _lose(folder)
    first.promote(two)
    full.add_labels(first.repository)


def _lose(folder: Path) -> None:
    """Take one thing of each kind from the remote, and note which."""
    remote = folder / "remote"
    own = folder / "p/.mlctl/cache"
    data = next(path.relative_to(own) for path in sorted(own.glob("files/md5/*/*")))
    kinds = ("mlctl/objects", "mlctl/facts/models")
    lost = [next(path for path in sorted((remote / kind).rglob("*")) if path.is_file()) for kind in kinds]
    lost += [remote / data, remote / "mlctl/decisions/00000002"]
    for path in lost:
        path.unlink()
    (folder / "lost").write_text("\n".join(str(path.relative_to(remote)) for path in lost))


def _parted(team: Team, *, own: bool) -> None:
    """A second repository, of the same project or of its own, with a log of its own."""
    root = team.folder / "two"
    (root / ".mlctl").mkdir(parents=True)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[cache]\n    dir = ../.mlctl/cache\n")
    identity = "0" * 32 if own else team.first.repository.id
    (root / ".mlctl" / "config.toml").write_text(f'id = "{identity}"\n')
    repository = Repository.create(root, actor=full.ACTOR, command="init", now=lambda: full.T)
    full.add_model(repository, full.add_dataset(repository, 5), 3)


def decided(folder: Path) -> dict[str, set[str]]:
    """The ids of what each repository has decided, dropped ones left out."""
    found = {}
    for name in ("p", "two", "three"):
        if not (folder / name / ".mlctl" / "format").exists():
            continue
        decisions = Repository.find(folder / name).decisions
        shared = {decisions.get(number).entry.id for number in range(1, decisions.shared().head + 1)}
        chain = {held.entry.id for held in decisions.pending.everything() if not held.dropped}
        found[name] = shared | chain
    return found


def run(folder: Path, *argv: str) -> int:
    """Run a command to its end in a fork; its exit code."""
    _killed, code = killed_at(0, mlctl(argv, folder), folder.parent / "said")
    return code


def check(act: str, template: Path) -> Callable[[Path, Path], list[str]]:
    before = decided(template)

    def look(folder: Path, output: Path) -> list[str]:
        del output
        found = [f"fsck of {name} after the kill: {_said(folder)}" for name in _damaged(folder)]
        found += _again(act, folder)
        for _turn in range(2):
            for name in decided(folder):
                if name != "two" or act != "first-push":
                    run(folder / name, "push")
                    run(folder / name, "pull")
        found += [f"fsck of {name} in the end: {_said(folder)}" for name in _damaged(folder)]
        after = decided(folder)
        for name, ids in before.items():
            lost = ids - after.get(name, set())
            if lost and act != "drop":
                inits = {Repository.find(template / name).decisions.get(1).entry.id}
                if lost - inits:
                    found.append(f"{name} has lost {lost}")
        logs = {
            tuple(path.read_bytes() for path in sorted((folder / name / ".mlctl/decisions").iterdir()))
            for name in after
        }
        there = tuple(path.read_bytes() for path in sorted((folder / "remote/mlctl/decisions").iterdir()))
        if logs != {there}:
            found.append("the logs are not equal in the end")
        lost = (folder / "lost").read_text().splitlines() if act == "verify" else []
        found += [f"{key} is still lost" for key in lost if not (folder / "remote" / key).exists()]
        return found

    return look


def _again(act: str, folder: Path) -> list[str]:
    """Run the command again; what it says where it must not."""
    where, argv = ACTS[act]
    found = []
    if run(folder / where, *argv) not in CODES.get(act, {0}):
        found.append(f"run again it says {_said(folder / where)}")
    if act == "clone-vain" and run(folder, *ACTS["clone"][1]):
        found.append(f"of all it says {_said(folder)}")
    return found


def _damaged(folder: Path) -> list[str]:
    return [name for name in decided(folder) if run(folder / name, "fsck") != 0]


def _said(folder: Path) -> str:
    parts = (
        folder.parent / name if folder.name in {"p", "two"} else folder / name
        for name in ("said", "said.err")
    )
    return "".join(path.read_text(encoding="utf-8")[-800:] for path in parts if path.exists())


def _alone(act: str, command: Callable[[], int]) -> Callable[[], int]:
    """The command that is killed; that it refuses is no failure where it has to."""
    return lambda: command() not in CODES.get(act, {0})


def main() -> int:
    act, work = sys.argv[1], Path(sys.argv[2])
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    dense = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    for module in HEAVY:
        import_module(module)
    for stem in map(table.stem_of, COMMANDS):
        table.load(table.verb_target(stem))
        table.load(table.command_target(stem))
        import_module(f"mlctl.cli.render.{stem}")
    gc.disable()
    gc.freeze()
    template = work / "template"
    prepare(act, template)
    where, argv = ACTS[act]
    result = sweep(
        template,
        work,
        lambda folder: _alone(act, mlctl(argv, folder / where)),
        check(act, template),
        every=every,
        dense=dense,
    )
    shutil.rmtree(work / "copy", ignore_errors=True)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Kills whole commands at write points, run as a program: STATES COMMAND WORK [EVERY], or STATES alone.

With STATES alone it makes the repositories that the commands begin from, one folder each. With a command it
kills that command at each write point, or at every EVERYth, in a fork of this process, which has imported
everything beforehand; so a kill and the looks after it cost tenths of a second. It prints what `sweep` found.

After each kill: `fsck` is clean, the log is what it was plus at most the first decisions of the uninterrupted
run (so no name holds anything half-done), what was acknowledged is there, and the command, run again, ends
with the same names as without the kill.
"""

import gc
import hashlib
import json
import re
import shutil
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from mlctl.cli import table
from mlctl.project.session import Session
from mlctl.transport.data_transfer import upload_data
from mlctl.workspace.dvc_files import read_pointer
from tests.e2e.projects import ROOT, day, decisions, names, question, small, write_csv
from tests.store.crash_harness import killed_at, mlctl, sweep

HEAVY = (
    "mlctl.cli.main",
    "mlctl.cli.quick",
    "mlctl.cli.console",
    "rich.console",
    "sklearn.linear_model",
    "pyarrow.parquet",
    "pyarrow.csv",
    "skops.io",
)
CHANGING = re.compile(r"[0-9a-f]{64}|[0-9A-HJKMNP-TV-Z]{26}")
ASIDE = re.compile(r"\..+\.(tmp|aside)")  # hidden, written beside a file and not renamed yet
ALONE = 2
WHOLE = 4


@dataclass(frozen=True)
class Kill:
    """One command to kill.

    Attributes:
        state: the repository before it.
        argv: the command line.
        codes: exit codes that are no failure: an alarm stands, or there is nothing left to undo.
        then: what must work afterwards; the command itself by default.
        again: whether the command run again must end with the names of an uninterrupted run.
    """

    state: str
    argv: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    then: tuple[tuple[str, ...], ...] = ()
    again: bool = True


KILLS = {
    "init": Kill("bare", ("init",)),
    "init-template": Kill("empty", ("init", "--template", "bare")),
    "init-from": Kill("table", ("init", "--from", "rides.csv", "--target", "rides")),
    "data-add": Kill("new", ("data", "add", "rides.csv")),
    "data-checkout": Kill("gone", ("data", "checkout")),
    "data-get": Kill(
        "away", ("data", "get", "images/b"), then=(("data", "get", "images/b"), ("data", "checkout"))
    ),
    "data-evict": Kill(
        "sent",
        ("data", "evict", "images", "--yes"),
        then=(
            ("data", "evict", "images", "--yes"),
            ("data", "checkout", "images"),
            ("data", "status", "--check"),
        ),
    ),
    "data-add-folder": Kill("pictures", ("data", "add", "img")),
    "data-checkout-folder": Kill("repainted", ("data", "checkout", "img@1")),
    "data-add-piece": Kill("longer", ("data", "add", "img/day=2")),
    "data-checkout-part": Kill("repainted", ("data", "checkout", "img@1", "--path", "deep")),
    "data-mv": Kill("repainted", ("data", "mv", "img", "deep/pictures")),
    "data-rm": Kill("repainted", ("data", "rm", "img", "--files")),
    "data-import": Kill("new", ("data", "import", str(ROOT / "LICENSE"), "-o", "texts/LICENSE")),
    "data-update": Kill("imported", ("data", "update")),
    "gc": Kill("littered", ("gc", "--yes", "--older-than", "0s")),
    "gc-restore": Kill("collected", ("gc", "--restore"), codes=(0, 20)),
    "gc-empty": Kill("collected", ("gc", "--empty", "--grace", "0s", "--yes")),
    "gc-retain": Kill("old", ("gc", "--yes", "--older-than", "0s")),
    "train": Kill("added", ("train",)),
    "eval": Kill("trained", ("eval",)),
    "promote": Kill("evaluated", ("promote",)),
    "promote-shared": Kill("shared", ("promote",), then=(("promote",), ("push",), ("pull",))),
    "promote-second": Kill("second", ("promote", "--force", "--reason", "a test")),
    "rollback": Kill("renewed", ("rollback",), codes=(0, 20), then=(("status",),), again=False),
    "undo": Kill("promoted", ("undo",), then=(("log",),), again=False),
    "redo": Kill("undone", ("redo",), codes=(0, 20), then=(("log",),), again=False),
    "reproduce": Kill("trained", ("reproduce", "demand@1", "--fits", "1")),
    "build": Kill("new", ("build",)),
    "predict": Kill("promoted", ("predict", "demand@production", "new.csv", "-o", "out.csv")),
    "labels-add": Kill("served", ("labels", "add", "truth.csv")),
    "monitor": Kill("labelled", ("monitor",), codes=(0, 41)),
    "loop": Kill("labelled", ("loop", "--once"), codes=(0, 41)),
    "status": Kill("changed", ("status",)),
    "plan": Kill("changed", ("plan",)),
    "fsck": Kill("served", ("fsck",)),
}
"""Every command that writes, and those that write but their indexes."""


def make(states: Path) -> None:
    """Make every state, each a step on from the one before."""
    last: Path | None = None

    def state(
        name: str, *commands: str, act: Callable[[Path], object] | None = None, after: str | None = None
    ) -> None:
        nonlocal last
        folder, before = states / name, last if after is None else states / after
        if before is not None:
            shutil.copytree(before, folder, symlinks=True)
        for command in commands:
            code = run(command.split(), folder, states)
            assert code in {0, 41}, (name, command, code, said(states))
        if act is not None:
            act(folder)
        last = folder

    (states / "empty").mkdir(parents=True)
    small(states / "table")
    (states / "table" / "mlctl.toml").unlink()
    small(states / "bare")
    last = states / "bare"
    state("new", "init")
    state("added", "data add rides.csv")
    state("gone", act=lambda folder: (folder / "rides.csv").unlink())
    state("pictures", act=_paint, after="new")
    state("painted", "data add img", act=_repaint)
    state("repainted", "data add img")
    state("longer", act=_lengthen)
    state("littered", act=_litter, after="repainted")
    state("collected", "gc --yes --older-than 0s")
    source = states / "source.bin"
    source.write_text("first", encoding="utf-8")
    state(
        "imported",
        f"data import {source}",
        act=lambda _: source.write_text("second", encoding="utf-8"),
        after="new",
    )
    state("with-images", act=_images, after="added")
    state("sent", "data add images", act=_send)
    state("away", "data evict images --yes", act=lambda folder: shutil.rmtree(folder / "images"))
    state("trained", "train", after="added")
    state("evaluated", "eval")
    state("shared", "remote add origin .dvc/tmp/remote", "push")
    state("promoted", "promote", act=_questions, after="evaluated")
    state("undone", "undo")
    state("second", "train --set alpha=2.0", "eval", after="promoted")
    state("renewed", "promote --force --reason test")
    state("old", "train --set alpha=3.0", act=_retain, after="second")
    state(
        "changed",
        after="promoted",
        act=lambda folder: write_csv(folder / "rides.csv", [day(number) for number in range(190)]),
    )
    state("served", act=_serve, after="promoted")
    state("labelled", "labels add truth.csv")


def _images(folder: Path) -> None:
    """A folder of three files, and a remote inside the project."""
    for path in ("a", "b/c", "b/d"):
        (folder / "images" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / path).write_text(path * 100, encoding="utf-8")
    with (folder / ".mlctl/config.toml").open("a", encoding="utf-8") as config:
        config.write('\n[remotes.origin]\nurl = "on-a-remote"\n')


def _send(folder: Path) -> None:
    pointer = read_pointer(folder / "images.dvc")
    assert pointer is not None
    upload_data(Session.open(folder), [pointer.md5])


def _questions(folder: Path) -> None:
    write_csv(folder / "new.csv", [question(number) for number in range(200, 260)])
    write_csv(
        folder / "truth.csv",
        [{"id": number, "rides": day(number, more=200)["rides"]} for number in range(200, 260)],
    )


def _paint(folder: Path) -> None:
    for name in ("a", "b", "deep/c", "deep/d"):
        path = folder / "img" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def _repaint(folder: Path) -> None:
    (folder / "img" / "a").write_text("another", encoding="utf-8")
    (folder / "img" / "b").rename(folder / "img" / "deep" / "b")
    (folder / "img" / "deep" / "c").unlink()


def _lengthen(folder: Path) -> None:
    for name in ("a", "b"):
        path = folder / "img" / "day=2" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name} of day 2", encoding="utf-8")


def _litter(folder: Path) -> None:
    """Cached data and objects that nothing names."""
    for text in ("one", "two", "three"):
        md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        for path in (
            folder / ".mlctl/cache/files/md5" / md5[:2] / md5[2:],
            folder / ".mlctl/objects" / sha256[:2] / sha256,
        ):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _retain(folder: Path) -> None:
    """Rules that let the second version go, and a run that was broken off."""
    with (folder / "mlctl.toml").open("a", encoding="utf-8") as spec:
        spec.write("\n[retain]\nversions = 1\n")
    session = Session.open(folder)
    live = session.repository.runs.create(session.new_id(), model="demand", purpose="train")
    live.log("began\n")
    live.abandon()


def _serve(folder: Path) -> None:
    terminal = small(folder)  # the same table and spec again
    with terminal.serving() as client:
        status, answer = client.predict({"rows": [question(number) for number in range(200, 260)]})
    assert status == 200, answer


def sweep_of(states: Path, what: Kill, work: Path, every: int) -> dict[str, object]:
    """Kill one command at every `every`-th write point; what `sweep` found."""
    template, whole = (
        states / what.state,
        work / "whole" / "copy",
    )  # named as the copies: projects are named after folders
    shutil.copytree(template, whole, symlinks=True)
    tempfile.tempdir = str(work)  # what a killed command leaves outside of the project goes with the rest
    if (code := run(what.argv, whole, work)) not in what.codes:
        return {"points": 0, "failures": [f"exits {code}: {said(work)}"]}
    looks = Looks(template, whole, what, work)

    def act(folder: Path) -> Callable[[], int]:
        return accepting(what.codes, mlctl(looks.argv, folder))

    return sweep(template, work, act, looks.check, every=every)


def killed_after_freezing(states: Path, work: Path) -> dict[str, object]:
    """A loop killed at the first write point after its freeze, and run again; what each left in the names."""
    what = KILLS["loop"]
    work.mkdir(parents=True)
    whole, cut = work / "whole", work / "cut"
    shutil.copytree(states / what.state, whole, symlinks=True)
    run(what.argv, whole, work)

    def frozen(number: int) -> bool:
        shutil.rmtree(cut, ignore_errors=True)
        shutil.copytree(states / what.state, cut, symlinks=True)
        killed_at(number, mlctl(what.argv, cut), work / "said")
        return "datasets/demand-served/1" in held(cut)

    most = 1
    while not frozen(most):
        most *= 2
    first = most // 2 + 1 + bisect_left(range(most // 2 + 1, most), 1, key=frozen)
    assert frozen(first)
    before = held(cut)
    run(what.argv, cut, work)
    return {"whole": held(whole), "cut": before, "again": held(cut), "said": said(work)}


class Looks:
    """What must hold after a kill."""

    def __init__(self, template: Path, whole: Path, what: Kill, work: Path) -> None:
        self.what, self.work = what, work
        self.argv = [*what.argv, "--json"]
        self._files = [files(template), files(whole)]
        self._steps = [steps(template), steps(whole)]
        self._names = held(whole)

    def check(self, folder: Path, output: Path) -> list[str]:
        """The failures found in `folder`, whose killed process's stdout is in `output`."""
        found = [*self._half_done(folder), *acknowledged(folder, output)]
        if (folder / ".mlctl" / "format").exists():
            found += self._fsck(folder, "after the kill")
        for argv in self.what.then or (self.what.argv,):
            if (code := run(argv, folder, self.work)) not in self.what.codes:
                found.append(f"then `mlctl {' '.join(argv)}` exits {code}: {said(self.work)}")
        found += self._fsck(folder, "after the next command")
        if self.what.again and held(folder) != self._names:
            found.append(f"run again, it ends with {held(folder)} in place of {self._names}")
        return found

    def _fsck(self, folder: Path, when: str) -> list[str]:
        code = run(("fsck",), folder, self.work)
        return [f"fsck {when} exits {code}: {said(self.work)}"] if code else []

    def _half_done(self, folder: Path) -> list[str]:
        """Decisions that the whole command does not make, and files that are neither the old nor the new."""
        before, after = self._steps
        now = steps(folder)
        found = []
        if len(now) < len(before) or now != after[: len(now)]:
            found.append(f"the log has {now} and not a beginning of {after}")
        for path, data in files(folder).items():
            if data not in [side.get(path) for side in self._files] and not ASIDE.fullmatch(Path(path).name):
                found.append(f"{path} is neither as before nor as after: {data[:80]!r}")
        return found


def accepting(codes: Sequence[int], act: Callable[[], int]) -> Callable[[], int]:
    """The act, with each of these exit codes as a success."""

    def acting() -> int:
        code = act()
        return 0 if code in codes else code

    return acting


def acknowledged(folder: Path, output: Path) -> list[str]:
    """What a finished JSON document on stdout says was made and is not there."""
    try:
        data = json.loads(output.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError):
        return []
    decision = data.get("decision")
    found = []
    if isinstance(decision, int) and decision > len(steps(folder)):
        found.append(f"decision {decision} was acknowledged and is gone")
    facts = {path.stem for path in (folder / ".mlctl" / "facts").glob("*/*")}
    gone = [value for key in ("digest", "evaluation") if (value := data.get(key)) and value not in facts]
    return found + [f"{digest} was acknowledged and is gone" for digest in gone]


def steps(folder: Path) -> list[list[str]]:
    """The names that each decision changed, without what differs from run to run."""
    return [[CHANGING.sub("#", name) for name in changed] for changed in decisions(folder)]


def held(folder: Path) -> list[str]:
    """The names that hold something now, without what differs from run to run."""
    return sorted(CHANGING.sub("#", name) for name in names(folder))


def files(folder: Path) -> dict[str, bytes]:
    """The files of the work tree, without the insides of git, dvc and mlctl."""
    own = (".git", ".mlctl", ".dvc/tmp", ".dvc/cache")
    paths = (path for path in folder.rglob("*") if path.is_file())
    relative = ((path.relative_to(folder).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in relative if not f"{name}/".startswith(own)}


def run(argv: Sequence[str], folder: Path, work: Path) -> int:
    """Run a command to its end in a fork; its exit code."""
    _killed, code = killed_at(0, mlctl(argv, folder), work / "said")
    return code


def said(work: Path) -> str:
    """What the last command said."""
    return "".join(Path(work / name).read_text(encoding="utf-8")[-1500:] for name in ("said", "said.err"))


def main() -> int:
    """The program."""
    states = Path(sys.argv[1])
    for module in HEAVY:
        import_module(module)
    for command in (one.argv for one in KILLS.values()):
        path = " ".join(command[:2]) if " ".join(command[:2]) in table.COMMANDS else command[0]
        stem = table.stem_of(path)
        table.load(table.verb_target(stem))
        table.load(table.command_target(stem))
        import_module(f"mlctl.cli.render.{stem}")
    gc.disable()
    gc.freeze()
    if sys.argv[2:3] == ["frozen"]:
        sys.stdout.write(json.dumps(killed_after_freezing(states, Path(sys.argv[3]))) + "\n")
        return 0
    if len(sys.argv) == ALONE:
        make(states)
        return 0
    work = Path(sys.argv[3])
    work.mkdir(parents=True)
    every = int(sys.argv[4]) if len(sys.argv) > WHOLE else 1
    sys.stdout.write(json.dumps(sweep_of(states, KILLS[sys.argv[2]], work, every)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

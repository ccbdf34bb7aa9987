"""A run whose model is fitted by a program: where it works, what is shown and kept of what it says.

The output is bounded on disk: its beginning and its end are kept, and how much was left out between them.
"""

import codecs
import contextlib
import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain import handover as names
from mlctl.domain.model import ModelVersion
from mlctl.domain.points import read_points, shown, summary
from mlctl.domain.progress import Event
from mlctl.domain.records import encode
from mlctl.domain.used import Used
from mlctl.learning.workshop import Workshop
from mlctl.project.session import Session
from mlctl.store.objects import Objects
from mlctl.store.runs import LiveRun
from mlctl.training.program_uses import in_sight, meanwhile, with_reads

_HEAD, _END = 4 << 20, 1 << 20  # bytes of output that are kept
_NAMED = 5
_BEFORE = "before.json"
WORKSHOP = "program"
_SHOWN = 0.5  # seconds between two lines of points


class Output:
    """What programs print: handed on line by line, and kept within bounds.

    Args:
        write: appends text to the run's log.
        say: is handed whole lines, without control characters.
    """

    def __init__(self, write: Callable[[str], None], say: Callable[[str], None]) -> None:
        self._write, self._say = write, say
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._kept = self._left_out = 0
        self._end = self._line = ""

    def hear(self, data: bytes) -> None:
        """Take what came."""
        text = self._decode(data)
        room = _HEAD - self._kept
        if room > 0:
            self._write(text[:room])
            self._kept += len(text[:room])
        rest = text[max(room, 0) :]
        if rest:
            self._end += rest
            if len(self._end) > 2 * _END:
                self._left_out += len(self._end) - _END
                self._end = self._end[-_END:]
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._say(plain(line))
        self._line = self._line[-_END:]

    def close(self) -> None:
        """Write the end that was held back."""
        cut = self._left_out + max(len(self._end) - _END, 0)
        if cut:
            self._write(f"\n... {cut} characters left out ...\n")
        self._write(self._end[-_END:])
        if self._line:
            self._say(plain(self._line))
        self._end = self._line = ""


def plain(line: str) -> str:
    """A line of output as it may be shown: without what would drive the terminal, and not too long."""
    last = line.rstrip("\r").rsplit("\r", 1)[-1][:500]
    return last if last.isprintable() else "".join(one for one in last if one.isprintable() or one == "\t")


class ProgramRun:
    """One run of a program while it goes on."""

    def __init__(self, session: Session, live: LiveRun, model: str, command: list[str]) -> None:
        self._session = session
        self._live = live
        self._command = command
        self._before = in_sight(session, self._command)
        first, resumed = self._first_start(live.folder / _BEFORE)
        self._output = Output(live.log, self._say)
        self._step = f"run {shlex.join(self._command)}"
        self._newest: dict[str, float] = {}
        self._told = 0.0
        self.shop = Workshop(
            run=live.run,
            model=model,
            folder=live.folder / WORKSHOP,
            hear=self._output.hear,
            measured=self._measured,
            flavor=_flavor_before(session, model),
            resumed=resumed,
        )
        self._between = first_of(meanwhile(first, self._before))
        session.report(Event(step=self._step))

    def _first_start(self, kept: Path) -> tuple[Used, bool]:
        """What was in sight when the run began first, and whether that was another start of it."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(kept.read_bytes(), type=Used), True
        kept.write_bytes(encode(self._before))
        return self._before, False

    @property
    def resumable(self) -> bool:
        """Whether the program has left something in its folder that a new start of it could go on from."""
        folder = self.shop.folder / "fit-1"
        handed = {names.HANDOVER, names.TRAIN, names.MATRIX, names.POINTS, names.MODEL, names.ARTIFACTS}
        return folder.is_dir() and any(path.name not in handed for path in folder.iterdir())

    def used(self) -> tuple[Used, list[str]]:
        """What the run used, and what is to be said of it."""
        changed = meanwhile(self._before, in_sight(self._session, self._command))
        said = [f"not traced: {reason}; all files of the project count" for reason in self._before.blind]
        if changed:
            said.append(
                f"{first_of(changed)} changed while the program ran, so the next train runs "
                "it again; what it writes belongs in $MLCTL_RUN_DIR, or is ignored by git"
            )
        used, live = with_reads(self._session, self._before, self.shop.folder / "fit-1" / names.READS)
        if self._between:
            live.append(f"{self._between} changed between the two starts of the run")
        said += [f"this run will not be reused: {reason}" for reason in live]
        return msgspec.structs.replace(used, live=tuple(live)), said

    def close(self) -> dict[str, Any]:
        """What the run's fact says of the program, by field; objects are stored, and the rest makes room."""
        kept = {names.POINTS, names.ARTIFACTS}
        for path in self.shop.folder.glob("fit-*/*"):
            if path.parent.name != "fit-1" or path.name not in kept:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        self._output.close()
        return kept_of(self._session.repository.objects, self.shop.folder / "fit-1")

    def notes(self) -> dict[str, Any]:
        """How the first program ended."""
        if not self.shop.ended:
            return {}
        first = self.shop.ended[0]
        return {
            "program": {
                "command": list(self._command),
                "traced": False,
                "exit": first.code,
                "signal": first.signal,
                "seconds": round(first.seconds, 3),
                "printed": first.printed,
                "left_behind": first.left,
            }
        }

    def said(self) -> list[str]:
        """What is to be said once it has ended well."""
        left = sum(one.left for one in self.shop.ended)
        return [f"the program left {left} processes behind; they were ended"] if left else []

    def _say(self, line: str) -> None:
        self._session.report(Event(step=self._step, text=line))

    def _measured(self, data: bytes) -> None:
        """Show the newest points, now and then."""
        new = read_points(data)
        self._newest |= {name: points[-1].value for name, points in new.series.items()}
        now = time.monotonic()
        if self._newest and now - self._told >= _SHOWN:
            self._told = now
            step = max(points[-1].step for points in new.series.values()) if new.series else 0
            values = "  ".join(f"{name} {value:.6g}" for name, value in self._newest.items())
            point = {"step": step} | {name: shown(value) for name, value in self._newest.items()}
            self._session.report(Event(step=f"step {step}  {values}", point=point))


def _flavor_before(session: Session, model: str) -> str:
    """The flavor of the model's newest version; without one, that of most models."""
    versions = session.repository.facts.where(ModelVersion, model=model)
    return versions[-1][1].flavor if versions else "sklearn"


def first_of(paths: list[str]) -> str:
    """The first few, and how many more; "" of none."""
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"{', '.join(paths[:_NAMED])}{more}"


def kept_of(objects: Objects, folder: Path) -> dict[str, Any]:
    """The points and the artifacts in a program's folder, stored, by the fields of a run's fact."""
    points = folder / names.POINTS
    found: dict[str, Any] = {}
    if points.exists() and points.stat().st_size:
        found["points"] = objects.put_file(points)[0]
    kept = folder / names.ARTIFACTS
    files = sorted(path for path in kept.rglob("*") if path.is_file() and not path.is_symlink())
    found["artifacts"] = {path.relative_to(kept).as_posix(): objects.put_file(path)[0] for path in files}
    return found


def series_of(data: bytes) -> dict[str, Any]:
    """The series of a points object in short, and how many of its lines are no points."""
    read = read_points(data)
    return {
        "series": {name: msgspec.to_builtins(summary(points)) for name, points in read.series.items()},
        "unread": read.unread,
    }

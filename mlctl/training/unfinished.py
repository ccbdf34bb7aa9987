"""A run that goes on or was broken off, as far as it has come: its folder tells, no fact does yet."""

from typing import Any

from mlctl.domain import handover as names
from mlctl.domain.requests.show import ShowResult
from mlctl.domain.run import Run
from mlctl.project.session import Session
from mlctl.store.objects import Objects
from mlctl.training.programs import WORKSHOP, plain, series_of

_TAIL = 20  # lines
_SHORTEST = 4  # characters that tell one run


def told_by(objects: Objects, run: Run) -> dict[str, Any]:
    """What a program has told of a run that has ended: its series, the file of all points, its last lines."""
    found: dict[str, Any] = {}
    if run.points is not None and objects.has(run.points):
        found |= {**series_of(objects.read(run.points)), "points": str(objects.path(run.points))}
    if run.log is not None and run.status != "finished" and objects.has(run.log):
        found["output"] = _last_lines(objects.read(run.log))
    if "program" in run.notes:
        found["traced"] = False
    return found


def _last_lines(data: bytes) -> list[str]:
    return [plain(line) for line in data[-(1 << 16) :].decode("utf-8", "replace").splitlines()[-_TAIL:]]


def unfinished(session: Session, text: str) -> ShowResult | None:
    """The one run without a fact that an id or the beginning of one means; None where it means none."""
    prefix = text.removeprefix("run:").upper()
    runs = session.repository.runs
    found = [one for one in runs.unfinished() if len(prefix) >= _SHORTEST and one.run.startswith(prefix)]
    if len(found) != 1:
        return None
    (one,) = found
    killed = any(other.run == one.run for other in runs.killed())
    points = one.folder / WORKSHOP / "fit-1" / names.POINTS
    data = points.read_bytes() if points.exists() else b""
    log = one.folder / "log.txt"
    record: dict[str, Any] = {
        "run": one.run,
        "model": one.about.get("model", ""),
        "purpose": one.about.get("purpose", ""),
        "status": "killed" if killed else "running",
        "started_at": one.about.get("started_at", ""),
        "error": one.why if killed else None,
    }
    related = {
        **series_of(data),
        "points": str(points),
        "output": _last_lines(log.read_bytes()) if log.exists() else [],
    }
    return ShowResult(kind="unfinished", title=f"run {one.run}", digest=None, record=record, related=related)

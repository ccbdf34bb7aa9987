"""Recalibration: the same fitted model with its answers brought to the level of the newest labels.

One factor, observed over predicted, from labelled rows newer than anything that the model learnt from. A gate
of its own: the factor from the older half of these rows must not do worse on the newer half than the one in
force.
"""

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlctl.deployment.view import View
from mlctl.deployment.watched import families_of
from mlctl.domain.decision import Change, Draft
from mlctl.domain.duration import duration
from mlctl.domain.loop import LEVEL_DAYS, Action, level_moves
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.prediction import OUTPUT
from mlctl.domain.refs import model_level
from mlctl.domain.spec import RecalibrateSpec
from mlctl.monitoring.columns import numbers
from mlctl.monitoring.window import text_of
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.stops import freeze_of, frozen_reason

KIND = "recalibrate"
_TOLERATED = 1.02


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A factor and what it stands on.

    Attributes:
        before, after: mean absolute error of these rows with the level in force and with this one.
        holds: the older half's factor does not do worse on the newer half than the level in force.
    """

    level: float
    rows: int
    days: int
    through: str
    before: float
    after: float
    holds: bool


def recalibrate(
    session: Session, view: View, spec: RecalibrateSpec, names: Names, *, dry_run: bool
) -> Action | None:
    """Bring the deployed model to the level of its newest labels; None if it is too early or not worth it."""
    model, stage = view.result.model, view.result.stage
    deployed = view.deployed.model
    against = _against(session, view, names)
    if against is not None:
        return Action(action="recalibrate", result=f"refused: {against}")
    newest = newest_label(view)
    last = _last(session, model, stage, names)
    if newest is None or (last is not None and newest - last < _span(duration(spec.every))):
        return None
    level = level_of(view, duration(spec.window))
    if level is None or not level_moves(deployed.level, level.level):
        return None
    said = f"level {deployed.level:.3f} to {level.level:.3f} on {level.days} labelled days"
    if not level.holds:
        return Action(action="recalibrate", result=f"refused: {said} would not hold on their newer half")
    if dry_run:
        return Action(action="recalibrate", result=f"would: {said}")
    number = names.number_of(f"models/{model}", view.deployed.digest)
    decision = _commit(session, view, level, number)
    done = f"done: {said}, mean absolute error of these rows {level.before:.4g} to {level.after:.4g}"
    return Action(
        action="recalibrate",
        result=done if decision is not None else f"waiting: stage {stage} moved meanwhile",
        version=number,
        decision=decision,
    )


def _against(session: Session, view: View, names: Names) -> str | None:
    """Why the level of what the stage holds is not touched, or None."""
    if view.deployed.model.signature.task != "regression":
        return "only regressions have a level"
    freeze = freeze_of(session, names, view.result.model, view.result.stage)
    return None if freeze is None else frozen_reason(freeze).why


def newest_label(view: View) -> Any | None:
    """The newest event time with a known truth, datetime64[ms]."""
    times = view.answered.time[view.answered.labelled & ~np.isnat(view.answered.time)]
    return times.max() if len(times) else None


def level_of(view: View, window: timedelta) -> Level | None:
    """The factor of the deployed model on its newest labelled rows; None where they are too few."""
    rows = fresh_rows(view, window)
    days = view.answered.time[rows].astype("datetime64[D]")
    if len(rows) < view.rules.min_rows or len(np.unique(days)) < LEVEL_DAYS:
        return None
    observed, plain = _observed_and_plain(view, rows)
    total = float(plain.sum())
    if total <= 0 or float(observed.sum()) <= 0:
        return None
    level = float(observed.sum()) / total
    current = view.deployed.model.level
    ordered = np.unique(days)
    older = days < ordered[len(ordered) // 2]
    early = float(observed[older].sum()) / float(plain[older].sum()) if plain[older].sum() > 0 else current
    return Level(
        level=round(level, 6),
        rows=len(rows),
        days=len(ordered),
        through=text_of(view.answered.time[rows].max()),
        before=_mae(observed, plain * current),
        after=_mae(observed, plain * level),
        holds=_mae(observed[~older], plain[~older] * early)
        <= _TOLERATED * _mae(observed[~older], plain[~older] * current),
    )


def fresh_rows(view: View, window: timedelta | None) -> NDArray[np.int64]:
    """Labelled rows that the deployed model (at any level) answered, newer than all that it learnt from.

    Args:
        view: of this turn.
        window: only this newest part, counted back from the newest label.
    """
    answered = view.answered
    own = families_of(answered.digests, view.known) == view.deployed.family
    kept = answered.labelled & ~np.isnat(answered.time) & own
    learnt = view.deployed.model.learnt_through
    if learnt is not None:
        kept &= answered.time > np.datetime64(learnt.rstrip("Z"), "ms")
    newest = newest_label(view)
    if window is not None and newest is not None:
        days = answered.time.astype("datetime64[D]")
        kept &= days > newest.astype("datetime64[D]") - np.timedelta64(max(1, window.days), "D")
    return np.flatnonzero(kept)


def _observed_and_plain(
    view: View, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The truth, and the answers without the level that each was given at."""
    output = numbers(view.answered.table.column(OUTPUT))[rows]
    levels = {digest: one.model.level for digest, one in view.known.items()}
    given = np.array([levels[digest] for digest in view.answered.digests[rows].tolist()], dtype=np.float64)
    return numbers(view.answered.observed)[rows], output / given


def _mae(observed: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    return float(np.mean(np.abs(observed - predicted)))


def _last(session: Session, model: str, stage: str, names: Names) -> Any | None:
    """The newest label of the last recalibration since the last promotion, or None.

    One that somebody undid or rolled back counts as well: the same labels would bring it back at once.
    """
    name = f"stages/{model}/{stage}"
    found: list[str] = []
    for number in _recent(session, name, names):
        entry = session.repository.decisions.get(number).entry
        if entry.kind == KIND and any(change.name == name for change in entry.changes):
            found.append(str(entry.evidence["through"]))
    return np.datetime64(max(found).rstrip("Z"), "ms") if found else None


def _recent(session: Session, name: str, names: Names) -> list[int]:
    """Decisions on a stage from its last promotion on, those that were undone included."""
    numbers = [effect.number for effect in names.effects.get(name, [])]
    kinds = {number: session.repository.decisions.get(number).entry.kind for number in numbers}
    since = max((number for number in numbers if kinds[number] == "promote"), default=0)
    return [number for number in (*numbers, *(one.number for one in names.undone)) if number > since]


def _span(every: timedelta) -> Any:
    """A little less than asked for, so that a missing hour at the end does not put it off by a turn."""
    return np.timedelta64(int(every.total_seconds() * 900), "ms")


def _commit(session: Session, view: View, level: Level, number: int | None) -> int | None:
    repository = session.repository
    model, stage = view.result.model, view.result.stage
    version = msgspec.structs.replace(
        view.deployed.model, created_at=session.now(), level=level.level, level_through=level.through
    )
    digest = repository.facts.add(version)

    def prepare(names: Names) -> Draft | None:
        if names.value(f"stages/{model}/{stage}") != view.deployed.digest:
            return None  # someone moved the stage meanwhile; the next turn looks again
        if freeze_of(session, names, model, stage) is not None:
            return None
        changes = [Change(name=f"stages/{model}/{stage}", old=view.deployed.digest, new=digest)]
        if number is not None:
            family = f"models/{model}/{number}/level"
            step = names.next_number(family)
            changes.insert(0, Change(name=model_level(model, number, step), old=None, new=digest))
        return Draft(
            kind=KIND,
            changes=tuple(changes),
            reason=f"level {level.level:.3f} on {level.days} labelled days",
            evidence={
                "through": level.through,
                "level": level.level,
                "previous_level": view.deployed.model.level,
                "rows": level.rows,
                "mae_before": level.before,
                "mae_after": level.after,
            },
            needs=(digest,),
        )

    committed = repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    session.warnings += notify(session, committed)
    return committed.entry.number if committed is not None else None


def is_recalibration(version: ModelVersion) -> bool:
    """Whether a version differs from its fit by a level."""
    return version.level != 1.0

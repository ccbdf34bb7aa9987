"""`mlctl undo`: a new decision that takes back the effect of an earlier one.

It is a compare-and-set: it asks whether the earlier decision is still the last effect on each of its names.
Twice walks back two. Nothing is deleted: facts stay, and `redo` brings the effect back.
"""

from mlctl.domain.decision import Change, Draft, Entry, inverse, overlaid
from mlctl.domain.errors import NameMoved, NotFound, UsageError
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.undo import UndoRequest, UndoResult
from mlctl.domain.sharing import spoken
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.stops import refuse_stopped
from mlctl.store.drafts import refuse_dangling


def undo(session: Session, request: UndoRequest) -> Outcome[UndoResult]:
    """Take back one decision.

    Raises:
        NotFound: there is nothing to undo, or no such decision.
        NameMoved: another decision moved one of its names since, or a stage needs what it made.
        UsageError: the decision can't be undone at all.
    """
    decisions = session.repository.decisions
    if request.dry_run:
        draft = _draft(session, decisions.names(), request)
        refuse_dangling(decisions.names(), draft)
        return Outcome(data=_result(session, draft, None))
    committed = decisions.commit(
        lambda names: _draft(session, names, request),
        actor=session.actor,
        command=session.command,
        now=session.now,
    )
    assert committed is not None  # noqa: S101 - `_draft` makes a draft or raises
    return Outcome(
        data=_result(session, committed.entry, committed.entry.number),
        warnings=notify(session, committed),
        next=("mlctl redo",),
    )


def _draft(session: Session, names: Names, request: UndoRequest) -> Draft:
    number = request.number if request.number is not None else names.newest_standing()
    if number is None or (number == 1 and request.number is None):
        raise NotFound("there is nothing to undo", "mlctl log")
    entry = session.repository.decisions.get(number).entry
    _refuse_kind(entry)
    moved = overlaid(names, entry)
    if moved:
        raise _moved(names, entry, moved[0])
    changes = inverse(names, entry)
    refuse_stopped(session, names, changes)
    return Draft(kind="undo", changes=changes, reason=request.reason, undoes=number)


def _refuse_kind(entry: Entry) -> None:
    if entry.kind == "init":
        raise UsageError("decision 1 made the repository and cannot be undone", "mlctl log", number=1)
    number, about = spoken(entry.number), spoken(entry.undoes or 0)
    if entry.kind == "undo":
        raise UsageError(
            f"decision {number} is an undo; bring decision {about} back instead",
            f"mlctl redo {about}",
            number=entry.number,
        )
    if entry.kind == "redo":
        raise UsageError(
            f"decision {number} is a redo; take decision {about} back instead",
            f"mlctl undo {about}",
            number=entry.number,
        )


def _moved(names: Names, entry: Entry, name: str) -> NameMoved:
    if any(undone.number == entry.number for undone in names.undone):
        return NameMoved(
            f"decision {spoken(entry.number)} is undone already",
            f"mlctl redo {spoken(entry.number)}",
            number=entry.number,
        )
    last = names.last_effect(name)
    return NameMoved(
        f"{name} has moved since decision {spoken(entry.number)}, by decision {spoken(last or 0)}",
        f"mlctl undo {spoken(last or 0)}",
        number=entry.number,
        name=name,
        moved_by=last,
    )


def _result(session: Session, draft: Draft | Entry, decision: int | None) -> UndoResult:
    undone = draft.undoes or 0
    changes: tuple[Change, ...] = draft.changes
    kind = session.repository.decisions.get(undone).entry.kind
    return UndoResult(
        undone=undone, kind=kind, decision=decision, changes=changes, changed=decision is not None
    )

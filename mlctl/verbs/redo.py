"""`mlctl redo`: a new decision that brings back the effect of one that was undone.

Possible while the names that it moved have not moved since the undo.
"""

from mlctl.domain.decision import Change, Draft, Entry, moved_since
from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.names import Names, Undone
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.redo import RedoRequest, RedoResult
from mlctl.domain.sharing import spoken
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.stops import refuse_stopped
from mlctl.store.drafts import refuse_dangling


def redo(session: Session, request: RedoRequest) -> Outcome[RedoResult]:
    """Bring one undone decision back.

    Raises:
        NotFound: nothing is undone, or not this decision.
        NameMoved: another decision moved one of its names since, or what it needs was taken back too.
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
        next=("mlctl undo",),
    )


def _draft(session: Session, names: Names, request: RedoRequest) -> Draft:
    undone = _chosen(names, request.number)
    moved = moved_since(names, undone)
    if moved:
        last = names.last_effect(moved[0])
        raise NameMoved(
            f"{moved[0]} has moved since decision {spoken(undone.number)} was undone",
            f"mlctl undo {spoken(last)}" if last else "mlctl log",
            number=undone.number,
            name=moved[0],
            moved_by=last,
        )
    entry = session.repository.decisions.get(undone.number).entry
    changes = tuple(
        Change(name=change.name, old=names.value(change.name), new=change.new) for change in entry.changes
    )
    refuse_stopped(session, names, changes)
    return Draft(kind="redo", changes=changes, reason=request.reason, undoes=undone.number)


def _chosen(names: Names, number: int | None) -> Undone:
    if not names.undone:
        raise NotFound("there is nothing to redo: no decision is undone", "mlctl log", number=number)
    if number is None:
        return names.undone[-1]
    for undone in names.undone:
        if undone.number == number:
            return undone
    known = ", ".join(spoken(undone.number) for undone in names.undone)
    raise NotFound(
        f"decision {spoken(number or 0)} is not undone; undone are: {known}", "mlctl log", number=number
    )


def _result(session: Session, draft: Draft | Entry, decision: int | None) -> RedoResult:
    redone = draft.undoes or 0
    kind = session.repository.decisions.get(redone).entry.kind
    return RedoResult(
        redone=redone, kind=kind, decision=decision, changes=draft.changes, changed=decision is not None
    )

"""`mlctl log drop`: give up a decision that waits for publication, with what depends on it.

Not one that may be on its way to the remote: whether it was published is found out by a push. Nothing is
deleted; its numbers are given to nobody again.
"""

from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.log_drop import LogDropRequest, LogDropResult
from mlctl.domain.sharing import heard, is_pending, overlay, spoken
from mlctl.project.session import Session
from mlctl.store.joining import finish
from mlctl.store.locks import sharing
from mlctl.store.pending import Dropped, Held


def log_drop(session: Session, request: LogDropRequest) -> Outcome[LogDropResult]:
    """Give it up.

    Raises:
        NotFound: no such decision waits.
        NameMoved: it may have been published. Locked: a push has not finished.
    """
    number = heard(request.decision)
    repository = session.repository
    with sharing(repository.layout):
        finish(repository.layout, repository.files, repository.decisions.pending)
        chain = repository.decisions.waiting() if repository.decisions.overlay() is not None else []
        waiting = {held.entry.number: held for held in chain}
        if number is None or not is_pending(number) or number not in waiting:
            known = ", ".join(spoken(one) for one in waiting) or "none"
            raise NotFound(
                f"decision {request.decision} does not wait for publication; waiting: {known}",
                "mlctl log --pending",
                waiting=[spoken(one) for one in waiting],
            )
        gone = [waiting[one] for one in sorted({number, *_dependent(session, waiting, number)})]
        for held in gone:
            _refuse_doubt(session, held)
        for held in reversed(gone) if not request.dry_run else ():
            mark = Dropped(at=session.now(), actor=session.actor, command=session.command)
            repository.decisions.pending.mark_dropped(held.entry.number, mark)
        repository.decisions.pending.advance()
    data = LogDropResult(
        dropped=tuple(spoken(held.entry.number) for held in gone),
        changed=not request.dry_run,
        dry_run=request.dry_run,
    )
    return Outcome(data=data, next=("mlctl log --pending",))


def _dependent(session: Session, waiting: dict[int, Held], number: int) -> set[int]:
    """What counts now and could not without the decision; and what waits for it."""
    decisions = session.repository.decisions
    now = decisions.overlay()
    chain = [held.entry for one, held in waiting.items() if one != number]
    without = overlay(decisions.shared(), chain, decisions.settled, decisions.carried())
    placed = set(now.placed) if now is not None else set()
    about = {
        one for one, held in waiting.items() if number in {held.entry.undoes, *held.entry.versions.values()}
    }
    return {*about, *(one for one in without.waiting if one in placed)}


def _refuse_doubt(session: Session, held: Held) -> None:
    if session.repository.decisions.in_doubt(held):
        number = spoken(held.entry.number)
        raise NameMoved(
            f"decision {number} may have been published: its upload was cut off. A push finds out",
            "mlctl push",
            number=held.entry.number,
        )

"""A decision of one name, published at once where the log is a remote's that answers."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from mlctl.domain.decision import Committed, Draft
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.records import Record
from mlctl.domain.sharing import is_pending
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.transport.publishing import decided

R = TypeVar("R", bound=Record)


def decide_one(
    session: Session,
    prepare: Callable[[Names], Draft | None],
    result: Callable[[Names], R],
    *,
    dry_run: bool,
    then: tuple[str, ...] = ("mlctl undo",),
) -> Outcome[R]:
    """Commit what `prepare` makes of today's names, and tell how things stand.

    Args:
        session: of the command.
        prepare: as of `Decisions.commit`; it raises what is against the decision.
        result: before anything is decided; `decision`, `changed`, `published` and `dry_run` are set here.
        dry_run: prepare alone.
        then: commands to type next.
    """
    decisions = session.repository.decisions

    def stands(**told: Any) -> Outcome[R]:
        data: R = msgspec.structs.replace(result(decisions.names()), **told)
        return Outcome(data=data, next=then if told["changed"] else ())

    if dry_run:
        return stands(changed=prepare(decisions.names()) is not None, dry_run=True)

    def once() -> tuple[Outcome[R], int | None]:
        committed = decisions.commit(prepare, actor=session.actor, command=session.command, now=session.now)
        if committed is None:
            return stands(changed=False), None
        session.warnings += notify(session, committed)
        number = committed.entry.number
        return stands(changed=True, decision=number, published=not is_pending(number)), number

    def final(outcome: Outcome[R], committed: Committed) -> Outcome[R]:
        del outcome
        return stands(changed=True, decision=committed.entry.number, published=True)

    return decided(session, once, final)

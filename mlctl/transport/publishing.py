"""Deciding for a team: what moves a stage is published at once where the remote answers.

Before: fetch, so that it is decided on what everybody has. After: push. Where another one was faster the
decision is given up and made again on what that one has left, gates included.
"""

from collections.abc import Callable
from typing import TypeVar

from mlctl.domain.decision import Committed
from mlctl.domain.errors import Denied, Locked, MlctlError, NameMoved, NotFound, Unreachable
from mlctl.domain.sharing import is_pending, spoken
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.sharing.rounds import fetch as fetch_round
from mlctl.sharing.rounds import push as push_round
from mlctl.store.locks import sharing
from mlctl.store.pending import Dropped
from mlctl.transport.sharing_ways import progress, renumbered_by, shared_store, ways

T = TypeVar("T")

_TRIES = 4
"""A person waits, and what can't be published now waits as well: no minutes are spent on a dead line."""

_TURNS = 100
"""Races that are lost before it is given up: in each of them another one has won."""


class _Lost(Exception):
    """Another one was faster."""


def follow_remote(session: Session) -> bool:
    """Fetch where the log is a remote's; whether it answered. What does not answer is a warning."""
    if session.repository.decisions.pending.joined() is None:
        return False
    try:
        with shared_store(session, tries=_TRIES) as store:
            fetch_round(session.repository, store, progress(session, "fetch"))
    except (Unreachable, Denied, NotFound) as error:
        session.warnings += (f"the remote was not asked: {error.message}",)
        return False
    return True


def decided(
    session: Session, decide: Callable[[], tuple[T, int | None]], final: Callable[[T, Committed], T]
) -> T:
    """Decide, and publish at once where the log is a remote's.

    Args:
        session: of the command.
        decide: decides; its result and the number of the decision, None where there was nothing to decide.
        final: the result with the published decision.

    Raises:
        NameMoved, GateRefused and whatever `decide` raises, on what the others have left.
        Unreachable: the remote fell silent while the decision was under way: it may have been published.
    """
    for _ in range(_TURNS):
        reachable = follow_remote(session)
        head = session.repository.decisions.shared().head
        made, number = decide()
        if number is None or not is_pending(number):
            return made
        if not reachable:
            session.warnings += (
                f"decision {spoken(number)} is not published yet: `mlctl push` when the remote answers",
            )
            return made
        try:
            published = _published(session, number)
        except _Lost as lost:
            if (
                session.repository.decisions.shared().head == head
            ):  # nobody else: what is here stands against it
                raise NameMoved(f"this can't be published: {lost}", "mlctl log --pending") from None
            continue
        return made if published is None else final(made, published)
    raise Unreachable("others decide faster than this can follow", "mlctl log")


def publish_waiting(session: Session) -> None:
    """Publish what waits, where the log is a remote's that answers; what stays behind is a warning."""
    decisions = session.repository.decisions
    if decisions.pending.joined() is None or not decisions.waiting():
        return
    try:
        with shared_store(session, tries=_TRIES) as store:
            done = push_round(session.repository, store, ways(session))
    except MlctlError as error:
        session.warnings += (f"what was decided is not published yet: {error.message}",)
        return
    for _number, committed in done.published:
        session.warnings += notify(session, committed)
    for number, why in done.waiting.items():
        session.warnings += (f"decision {spoken(number)} waits: {why}",)


def final_number(session: Session, number: int | None) -> int | None:
    """The number of a decision that was made just now, as everybody sees it if it has been published."""
    published = session.repository.decisions.settled(number) if number and is_pending(number) else None
    return number if published is None else published.number


def _published(session: Session, number: int) -> Committed | None:
    """The shared entry of a decision that was made just now; None where it stays pending."""
    repository = session.repository
    try:
        with shared_store(session, tries=_TRIES) as store:
            done = push_round(repository, store, ways(session))
    except (Unreachable, Denied, Locked) as error:
        if repository.decisions.settled(number) is None:
            session.warnings += (f"decision {spoken(number)} is not published yet: {error.message}",)
            return None
        done = None
    for _number, committed in done.published if done is not None else ():
        session.warnings += notify(session, committed)
    published = repository.decisions.settled(number)
    if published is not None:
        committed = repository.decisions.get(published.number)
        told = renumbered_by(committed.entry)
        session.warnings += tuple(f"{text}: another one was faster" for text in told)
        return committed
    why = done.waiting.get(number) if done is not None else None
    if why is not None and _given_up(session, number):
        raise _Lost(why)
    return None


def _given_up(session: Session, number: int) -> bool:
    """Drop what was decided just now and can't be published; False where it may have been after all."""
    repository = session.repository
    try:
        with sharing(repository.layout):
            held = next((one for one in repository.decisions.waiting() if one.entry.number == number), None)
            if held is None or repository.decisions.in_doubt(held):
                return False
            mark = Dropped(at=session.now(), actor=session.actor, command=session.command)
            repository.decisions.pending.mark_dropped(number, mark)
            repository.decisions.pending.advance()
    except MlctlError:
        return False
    return True

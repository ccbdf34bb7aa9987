"""`mlctl push`: fetch, send data and facts, and publish what is pending, in order.

Each decision is checked against what everybody's names mean now, and a promotion's gates are asked again.
What fails waits with what depends on it; the rest goes on. Killed at any point it is simply run again.
"""

from mlctl.domain.decision import Committed
from mlctl.domain.errors import Incomplete, NameMoved
from mlctl.domain.outcome import Outcome
from mlctl.domain.remote import RemoteSetting
from mlctl.domain.requests.push import (
    PublishedDecision,
    PushedAgain,
    PushRequest,
    PushResult,
    WaitingDecision,
)
from mlctl.domain.sharing import spoken
from mlctl.project.engines import engine
from mlctl.project.notify import notify
from mlctl.project.remote_stores import remote_setting
from mlctl.project.session import Session
from mlctl.sharing.rounds import Pushed
from mlctl.sharing.rounds import push as push_round
from mlctl.sharing.transfer import Moved
from mlctl.transport.sharing_ways import renumbered_by, shared_store, telling, ways
from mlctl.transport.unpushed import unpushed
from mlctl.transport.waiting_data import waiting_data


def push(session: Session, request: PushRequest) -> Outcome[PushResult]:
    """Share everything with the default remote.

    Raises:
        NameMoved: a decision can't be published as it is; everything else was.
        NotFound, UsageError: there is no remote for the log. Locked: another push has not finished.
        Unreachable, Denied, Incomplete, Corrupt, Untrusted: of the remote; what was published is published.
        Incomplete: with `verify`, the remote lacks what is not here either; all else was sent.
    """
    setting = remote_setting(session)
    if request.dry_run and not request.verify:
        return Outcome(data=_planned(session, setting))
    sent: list[Moved] = []
    with shared_store(session, setting) as store:
        again = engine("sent_again").sent_again(session, store, request) if request.verify else None
        done = None if request.dry_run else push_round(session.repository, store, ways(session, sent))
    if done is None:
        waiting = _waiting(session, {})
        return Outcome(data=PushResult(remote=setting.name, waiting=waiting, again=again, dry_run=True))
    warnings = tuple(w for _number, committed in done.published for w in notify(session, committed))
    data = _result(session, setting.name, done, sum(sent, Moved()), again)
    if done.waiting:
        raise _refused(data)
    if again is not None and again.lacking:
        raise _lacking(data, again)
    return Outcome(data=data, warnings=warnings)


def _planned(session: Session, setting: RemoteSetting) -> PushResult:
    """What waits, by what the remote is known to hold."""
    counts = unpushed(session)
    data = waiting_data(session, setting.url)
    own = session.repository.decisions.pending.joined() is None
    return PushResult(
        remote=setting.name,
        files=sum(one.files for one in data),
        bytes=sum(one.bytes for one in data),
        facts=counts.facts if counts is not None else 0,
        uploaded=counts.decisions if counts is not None and own else 0,
        waiting=_waiting(session, {}),
        data=data,
        dry_run=True,
    )


def _lacking(data: PushResult, again: PushedAgain) -> Incomplete:
    return Incomplete(
        f"{data.remote} lacks what this machine does not have either: {', '.join(again.lacking)}; all else "
        "is there. Whoever has it sends it with `mlctl push --verify`",
        "mlctl data status --remote",
        remote=data.remote,
        lacking=list(again.lacking),
    )


def _result(
    session: Session, remote: str, done: Pushed, moved: Moved, again: PushedAgain | None
) -> PushResult:
    return PushResult(
        remote=remote,
        files=moved.files,
        bytes=moved.bytes,
        facts=done.sent,
        uploaded=done.uploaded,
        fetched=done.fetched.decisions,
        parted=done.fetched.parted,
        published=tuple(_published(number, committed) for number, committed in done.published),
        waiting=_waiting(session, done.waiting),
        renumbered=telling(done.fetched.renumbered),
        again=again,
        changed=bool(moved.files or done.sent or done.uploaded or done.published or done.fetched.decisions)
        or (again is not None and bool(again.decisions or again.facts or again.files)),
    )


def _published(number: int, committed: Committed) -> PublishedDecision:
    entry = committed.entry
    return PublishedDecision(
        pending=spoken(number), decision=entry.number, kind=entry.kind, renumbered=renumbered_by(entry)
    )


def _waiting(session: Session, why: dict[int, str]) -> tuple[WaitingDecision, ...]:
    decisions = session.repository.decisions
    made = decisions.overlay()
    known = {number: one.why for number, one in made.waiting.items()} | why if made is not None else {}
    return tuple(
        WaitingDecision(
            pending=spoken(held.entry.number),
            kind=held.entry.kind,
            why=known.get(held.entry.number),
            in_doubt=decisions.in_doubt(held),
        )
        for held in (decisions.waiting() if made is not None else ())
    )


def _refused(data: PushResult) -> NameMoved:
    lines = "\n".join(f"  {one.pending} ({one.kind}): {one.why}" for one in data.waiting if one.why)
    renumbered = dict.fromkeys(
        [*data.renumbered, *(text for one in data.published for text in one.renumbered)]
    )
    numbers = f" ({', '.join(renumbered)}: another one was faster)" if renumbered else ""
    told = f"{len(data.published)} published{numbers}; " if data.published or numbers else ""
    first = next(one.pending for one in data.waiting if one.why)
    return NameMoved(
        f"{told}{len(data.waiting)} can't be published and wait:\n{lines}",
        "mlctl log --pending",
        f"mlctl log drop {first}",
        remote=data.remote,
        published=[one.decision for one in data.published],
        renumbered=list(renumbered),
        waiting=[{"decision": one.pending, "kind": one.kind, "why": one.why} for one in data.waiting],
    )

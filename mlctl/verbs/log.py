"""`mlctl log`: what was decided, newest first."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from mlctl.domain.decision import Change, Committed
from mlctl.domain.ids import is_digest, short
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.log import LogDecision, LogRequest, LogResult
from mlctl.domain.sharing import is_pending, is_published, starred
from mlctl.evidence.approvals import approval_told
from mlctl.project.session import Session


def log(session: Session, request: LogRequest) -> Outcome[LogResult]:
    """The decisions that the request asks for; only as many as are wanted are read."""
    names = session.repository.decisions.names()
    undone = {entry.number for entry in names.undone}
    every = _backwards(session, names, pending=request.pending)
    asked = (one for one in every if request.name is None or _moved(one, request.name))
    shown = list(itertools.islice(asked, request.limit))
    known = _version_names(names, shown)
    found: list[LogDecision] = []
    for committed in shown:
        row = _as_row(committed, known, undone=committed.entry.number in undone)
        given = approval_told(session, names, committed.entry)
        if given is not None:
            row = msgspec.structs.replace(row, summary=(f"{row.summary[0]}, {given.vouched}",))
        found.append(_waiting(session, row) if is_pending(row.number) else row)
    return Outcome(data=LogResult(decisions=tuple(found)))


def _backwards(session: Session, names: Names, *, pending: bool) -> Iterator[Committed]:
    decisions = session.repository.decisions
    if decisions.overlay() is not None:
        for held in reversed(decisions.waiting()):
            yield decisions.get(held.entry.number)
    yield from decisions.backwards(0 if pending else names.head)


def _waiting(session: Session, row: LogDecision) -> LogDecision:
    """The row of a decision that waits for publication."""
    decisions = session.repository.decisions
    made, held = decisions.overlay(), decisions.pending.held(row.number)
    waits = made.waiting.get(row.number) if made is not None else None
    doubt = held is not None and decisions.in_doubt(held)
    why = waits.why if waits is not None else None
    return msgspec.structs.replace(row, published=False, waits=why, in_doubt=doubt)


def _moved(committed: Committed, name: str) -> bool:
    for change in committed.entry.changes:
        parts = change.name.split("/")
        if f"{change.name}/".startswith(f"{name}/") or parts[1:2] == [name]:
            return True
    return False


def _version_names(names: Names, shown: Iterable[Committed]) -> dict[str, str]:
    """How people call the versions that these speak of: digest to `demand@7` (a refit by its version's)."""
    changes = [change for committed in shown for change in committed.entry.changes]
    spoken_of = {text for change in changes for text in (change.new, *change.name.split("/")) if text}
    found = {}
    for value, name in names.names_of({text for text in spoken_of if is_digest(text)}).items():
        _kind, family, number, *_refit_or_level = name.split("/")
        found[value] = starred(f"{family}@{number}", published=is_published(names, name))
    return found


def _phrase(change: Change, known: Mapping[str, str]) -> str:
    head, _, tail = change.name.rpartition("/")
    kind = head.split("/")[0]
    if kind == "frozen":
        label = f"{head.split('/')[1]}@{tail}"
        return f"{label} unfrozen" if change.new is None else f"{label} frozen until {change.new}"
    if kind == "approvals":
        _kind, _model, digest, stage = head.split("/")
        approved = "approval taken back" if change.new is None else "approved"
        return f"{known.get(digest, short(digest))} {approved} for {stage}"
    if kind == "retired":
        return f"{known.get(tail, short(tail))} {'back' if change.new is None else 'retired'}"
    name = f"{head}/{short(tail)}" if is_digest(tail) else change.name
    if change.new is None:
        return f"{name} withdrawn"
    if name != change.name or name.startswith(("models/", "datasets/")):
        return name
    return f"{name} → {known.get(change.new, short(change.new))}"


def _as_row(committed: Committed, known: Mapping[str, str], *, undone: bool) -> LogDecision:
    entry = committed.entry
    return LogDecision(
        number=entry.number,
        time=entry.committed_at,
        kind=entry.kind,
        actor=entry.actor,
        command=entry.command,
        changes=entry.changes,
        reason=entry.reason,
        sha256=committed.sha256,
        parent=entry.parent,
        undoes=entry.undoes,
        undone=undone,
        evidence=dict(entry.evidence),
        summary=tuple(_phrase(change, known) for change in entry.changes),
        was=dict(entry.was or {}),
    )

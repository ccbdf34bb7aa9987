"""The repository's log and a remote's: compared, brought together, published. The caller holds the lock.

What is taken over is checked whole before any file of it counts. An entry is marked before it is put and
before its published form is linked, so that nobody counts it twice or drops it while it may be on its way.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from mlctl.domain.decision import Committed, Entry, repository_of
from mlctl.domain.errors import Denied, Unreachable, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.records import digest_of, encode
from mlctl.domain.sharing import Overlay, Waiting, fit, shared_entry
from mlctl.sharing.shared_log import SharedEntry, SharedLog
from mlctl.store.files import flush_file
from mlctl.store.joining import give_way, join, stage
from mlctl.store.locks import rearranging
from mlctl.store.pending import Held
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """How two logs stand to each other.

    Attributes:
        common: entries that both begin with.
        theirs: entries of the remote after these.
        own: how many of one's own come after these.
    """

    common: int
    theirs: list[SharedEntry]
    own: int


class Renumbered(msgspec.Struct, frozen=True, kw_only=True):
    """A version that got another number than it was made with."""

    old: str
    new: str


def compare(repository: Repository, log: SharedLog, *, thorough: bool = False) -> Compared:
    """Compare the logs; one request where they are equal and known to be a pair.

    Args:
        repository: whose log is meant.
        log: the remote's.
        thorough: look whether the remote has lost entries, too.

    Raises:
        Unreachable: it has lost all of them; nobody would notice if a second log began there.
    """
    decisions = repository.decisions
    names = decisions.shared()
    head = names.head
    following = log.after(head)
    if following and following[0].entry.parent == names.parent:
        return Compared(common=head, theirs=following, own=0)
    joined = decisions.pending.joined() is not None
    if not following and (head == 0 or (joined and not thorough and not log.is_empty_folder())):
        return Compared(common=head, theirs=[], own=0)

    def own(number: int) -> Digest:
        return decisions.get(number).sha256

    last = log.one(head) if head else None
    if last is not None and last.committed.sha256 == own(head):
        return Compared(common=head, theirs=following, own=0)
    most = head if following or last is not None else min(head, log.head())
    if not most and joined and not log.may_be_filled():
        raise Unreachable(
            f"{log.url} holds nothing of this log any more: a folder that is not mounted, or another place? "
            "Nothing was changed; where it is to be filled anew, add it again: `mlctl remote add NAME URL`",
            "mlctl remote ls",
            url=log.url,
        )
    common = log.common(own, most)
    return Compared(common=common, theirs=log.after(common), own=head - common)


def refuse_stranger(repository: Repository, log: SharedLog, url: str, *, adopt: bool) -> str | None:
    """The id of the remote's repository; None where the remote has no log yet.

    Raises:
        UsageError: it is another repository's than ours, and nobody said to adopt it.
    """
    first = log.one(1)
    if first is None:
        return None
    theirs = repository_of(first.entry)
    if theirs != repository.id and not adopt:
        raise UsageError(
            f"{url} belongs to repository {theirs}; this one is {repository.id}. Two projects do not share a "
            "log; --adopt makes the decisions of this one wait on top of that one's",
            "mlctl remote add --help",
            theirs=theirs,
            own=repository.id,
        )
    return theirs


def take_over(
    repository: Repository, log: SharedLog, compared: Compared, only: tuple[str, ...] = ()
) -> list[Renumbered]:
    """Let the remote's entries count here; their facts are stored already. The versions that got new numbers.

    Args:
        repository: whose log goes on.
        log: of the remote.
        compared: what `compare` found.
        only: where the log becomes the remote's by this, the names that alone facts are held for.

    Raises:
        Corrupt: the remote's entries do not follow; nothing was changed.
    """
    decisions = repository.decisions
    before = decisions.overlay()
    if not compared.own:
        names = decisions.shared()
        if names.head != compared.common:
            return []  # somebody has committed meanwhile: the next comparison finds it
        log.follow(names, compared.theirs)
        _link(repository, compared.theirs, only)
    else:
        _replace(repository, log, compared, only)
    _settle(repository)
    return _renumbered(before, decisions.overlay())


def _link(repository: Repository, entries: list[SharedEntry], only: tuple[str, ...]) -> None:
    """Fast forward: mark one's own among the entries, then link each in order."""
    decisions, layout, files = repository.decisions, repository.layout, repository.files
    _mark_own(repository, entries)
    layout.decisions.mkdir(exist_ok=True)  # somebody may have removed it: this brings it back
    with rearranging(layout), files.folder("fetched") as folder:
        if decisions.shared().head != entries[0].entry.number - 1:
            return  # somebody has committed meanwhile: the next comparison finds it
        for shared in entries:
            files.put(folder / layout.decision(shared.entry.number).name, shared.data)
        files.flush()
        for shared in entries:
            path = layout.decision(shared.entry.number)
            with suppress(FileExistsError):
                os.link(folder / path.name, path)
        flush_file(layout.decisions)
        if decisions.pending.joined() is None:
            join(decisions.pending, only)


def _mark_own(repository: Repository, entries: list[SharedEntry]) -> None:
    """Before entries count: those that are one's own (or a copy's) are not to count twice."""
    pending = repository.decisions.pending
    own = {held.entry.id: held.entry.number for held in pending.everything()}
    for shared in entries:
        if (number := own.get(shared.entry.id)) is not None:
            pending.mark_sent(number, shared.entry.number)


def _replace(repository: Repository, log: SharedLog, compared: Compared, only: tuple[str, ...]) -> None:
    """The logs have parted: own entries become pending, the remote's take their place."""
    decisions, layout, files = repository.decisions, repository.layout, repository.files
    names = decisions.names_until(compared.common)
    log.follow(names, compared.theirs)
    with rearranging(layout):
        own = [decisions.get(number) for number in range(compared.common + 1, decisions.shared().head + 1)]
        _mark_own(repository, compared.theirs)
        stage(files, layout, [(shared.entry.number, shared.data) for shared in compared.theirs])
        theirs = repository_of(compared.theirs[0].entry) if compared.common == 0 else None
        adopted = theirs if theirs != repository.id else None
        give_way(layout, files, decisions.pending, own, compared.common, only, adopted=adopted)


def _settle(repository: Repository) -> None:
    """Mark what the log holds now as published, and remember up to where nothing waits."""
    decisions = repository.decisions
    for held in decisions.pending.tail():
        if held.published is None and (published := decisions.settled(held.entry.number)) is not None:
            decisions.pending.mark_published(held.entry.number, decisions.get(published.number))
    decisions.pending.advance()


def join_equal(repository: Repository, head: int) -> bool:
    """Both logs are equal up to `head`: from now on ours is the remote's. False where ours has gone on."""
    decisions = repository.decisions
    if decisions.pending.joined() is not None:
        return True
    with rearranging(repository.layout):
        if decisions.shared().head != head:
            return False
        join(decisions.pending)
    return True


def upload_as_it_is(repository: Repository, log: SharedLog, first: int, last: int) -> bool:
    """Put own entries, byte for byte; False where another was faster."""
    return all(
        log.create_as_it_is(number, repository.layout.decision(number).read_bytes())
        for number in range(first, last + 1)
    )


class Publication(msgspec.Struct, kw_only=True):
    """What one pass over the chain has brought about.

    Attributes:
        published: (pending entry's number, the shared entry).
        waiting: pending number to why it waits.
        behind: another one was faster: fetch, and begin anew.
    """

    published: list[tuple[int, Committed]] = []
    waiting: dict[int, Waiting] = {}
    behind: bool = False


Check = Callable[[Entry, Names], str | None]
"""Why an entry may not be published on these names (a gate that refuses), or None."""


def publish(
    repository: Repository, log: SharedLog, chain: Iterable[Held], check: Check, now: Callable[[], str]
) -> Publication:
    """Publish what is pending, in order, each entry checked against the shared names of now.

    Facts and objects are on the remote already, and the logs are equal.

    Raises:
        Unreachable: with `in_doubt` where the last put may have arrived or may yet arrive. Denied.
    """
    decisions = repository.decisions
    made = Publication()
    for held in chain:
        number, names = held.entry.number, decisions.shared()
        below = Overlay(names=names, waiting=made.waiting)
        fitted = fit(below, held.entry, decisions.settled, decisions.carried())
        if not isinstance(fitted, Waiting) and (why := check(fitted, names)) is not None:
            fitted = Waiting(why=why, names=tuple(change.name for change in fitted.changes))
        if isinstance(fitted, Waiting):
            made.waiting[number] = fitted
            continue
        entry = shared_entry(fitted, held.entry, names, decisions.settled, now())
        if not _put(repository, log, held, entry):
            made.behind = True
            return made
        made.published.append((number, decisions.get(entry.number)))
    return made


def _put(repository: Repository, log: SharedLog, held: Held, entry: Entry) -> bool:
    """Put one entry; True where it is published and counts here as published."""
    pending = repository.decisions.pending
    number, at = held.entry.number, entry.number
    was_in_doubt = at in held.sent
    pending.mark_sent(number, at)
    try:
        won = log.create(entry)
    except (Unreachable, Denied) as error:
        if not was_in_doubt and not error.facts.get("in_doubt"):
            pending.mark_not_sent(number, at)
        raise
    if won:
        body = encode(entry)
        shared = SharedEntry(committed=Committed(entry=entry, sha256=digest_of(body)), data=seal(body))
        take_over(repository, log, Compared(common=at - 1, theirs=[shared], own=0))
    return won


def _renumbered(before: Overlay | None, after: Overlay | None) -> list[Renumbered]:
    if before is None or after is None:
        return []
    found = []
    for number, families in before.given.items():
        for family, old in families.items():
            new = after.given.get(number, {}).get(family)
            if new is not None and new != old:
                found.append(Renumbered(old=old, new=new))
    return found

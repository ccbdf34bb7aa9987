"""A fetch and a push from beginning to end, on the repository and an open store. The caller holds the lock.

Fetch: compare, read, check everything, store facts, let the entries count. Push: fetch; send data, objects
and facts; then publish what is pending, in order; and again from the start where another one was faster.
"""

from collections.abc import Callable

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.decision import Committed, Entry
from mlctl.domain.errors import Incomplete, Missing, NotFound, Unreachable
from mlctl.domain.ids import is_digest
from mlctl.domain.names import Names
from mlctl.domain.remote import WHO_HAS_IT
from mlctl.sharing import keys
from mlctl.sharing.exchange import (
    Check,
    Compared,
    Renumbered,
    compare,
    join_equal,
    publish,
    refuse_stranger,
    take_over,
    upload_as_it_is,
)
from mlctl.sharing.facts import Bringing, Told, data_of, named_by, share, unshared
from mlctl.sharing.shared_log import SharedLog
from mlctl.store.identity import check_format
from mlctl.store.joining import finish, forget_lost
from mlctl.store.known import Known
from mlctl.store.repository import Repository

_ROUNDS = 200
"""Rounds that are lost to others before a push gives up: each of them published something."""


class Fetched(msgspec.Struct, kw_only=True):
    """What a fetch has brought.

    Attributes:
        decisions: how many.
        facts: how many facts are new here.
        renumbered: versions that wait and have another number now.
        parted: own decisions that became pending because the logs had parted.
        own: own decisions that the remote lacks and that follow on what it has.
    """

    decisions: int = 0
    facts: int = 0
    renumbered: list[Renumbered] = []
    parted: int = 0
    own: int = 0


class Pushed(msgspec.Struct, kw_only=True):
    """What a push has done.

    Attributes:
        fetched: what it brought first.
        sent: facts and objects.
        uploaded: decisions of a log that the remote had the beginning of, as they are.
        published: (pending entry's number, its shared entry).
        waiting: pending number to why it waits.
    """

    fetched: Fetched
    sent: int = 0
    uploaded: int = 0
    published: list[tuple[int, Committed]] = []
    waiting: dict[int, str] = {}


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What a round is handed besides repository and store.

    Attributes:
        check: asked before an entry is published.
        now: the time, RFC 3339.
        upload: makes the remote hold data, by md5.
        told: of progress: so many more things and bytes.
    """

    check: Check
    now: Callable[[], str]
    upload: Callable[[list[str]], None]
    told: Told = lambda _things, _bytes: None


def fetch(
    repository: Repository,
    store: RemoteStore,
    told: Told = lambda _things, _bytes: None,
    *,
    only: tuple[str, ...] = (),
    adopt: bool = False,
    thorough: bool = False,
) -> Fetched:
    """Take over the remote's decisions and their facts.

    Args:
        repository: that is to hold them.
        store: of the remote.
        told: of progress.
        only: names of the log that alone facts are brought for; for a repository that has just been made.
        adopt: the remote may be another repository's.
        thorough: look whether the remote has lost entries, too.

    Raises:
        Corrupt, Untrusted, Incomplete: of what the remote holds; nothing counts of it.
        UsageError: the remote is another repository's. Unreachable, Denied.
    """
    finish(repository.layout, repository.files, repository.decisions.pending)
    log, known = SharedLog(store), Known(repository.layout, store.url)
    made = Fetched()
    theirs: str | None = None
    joined = repository.decisions.pending.joined()
    if joined is not None:
        forget_lost(repository.layout)
    else:
        _check_format(store)
        theirs = refuse_stranger(repository, log, store.url, adopt=adopt)
    only = joined.only if joined is not None else only
    bringing = Bringing(repository, store, known, told)
    for _ in range(_ROUNDS):
        compared = compare(repository, log, thorough=thorough)
        made.own = compared.own
        if not compared.theirs:
            break
        _bring(repository, log, bringing, compared, only, made)
        made.renumbered += take_over(repository, log, compared, only)
        made.decisions += len(compared.theirs)
        made.parted += max(
            0, compared.own - (compared.common == 0)
        )  # the first one only says whose log it is
    if not compared.own and theirs is not None:
        join_equal(repository, compared.common)
    if theirs is not None:
        finish(repository.layout, repository.files, repository.decisions.pending)  # the id of what is adopted
    return made


def fetch_everything(
    repository: Repository, store: RemoteStore, told: Told = lambda _things, _bytes: None
) -> tuple[int, int]:
    """Bring the facts of all decisions, and those that none names; ends a `--only`.

    Returns:
        How many facts are new here, and how many objects came with them or were lacking here.
    """
    known = Known(repository.layout, store.url)
    bringing = Bringing(repository, store, known, told, thorough=True)
    decisions = repository.decisions
    head = decisions.shared().head
    brought = bringing.bring(named_by(decisions.get(number).entry for number in range(1, head + 1)))
    brought += bring_listed(bringing)
    repository.files.flush()
    joined = decisions.pending.joined()
    if joined is not None and joined.only:
        decisions.pending.write_joined(msgspec.structs.replace(joined, only=()))
    return brought, len(bringing.arrived)


def _bring(
    repository: Repository,
    log: SharedLog,
    bringing: Bringing,
    compared: Compared,
    only: tuple[str, ...],
    made: Fetched,
) -> None:
    """Store the facts of the remote's entries, on the disk; none of the entries counts yet."""
    base = repository.decisions.names_until(compared.common)
    names = log.follow(base, compared.theirs)
    bringing.entries = [shared.entry for shared in compared.theirs]
    if only:
        made.facts += bringing.bring(wanted_of(names, only), deep=False)
    else:
        made.facts += bringing.bring(named_by(bringing.entries))
        made.facts += bring_listed(bringing)
    repository.files.flush()


def bring_listed(bringing: Bringing) -> int:
    """Facts that no decision names; one whose own needs are not there yet is left for the next time."""
    brought = 0
    for one in bringing.listed():
        try:
            brought += bringing.bring([one])
        except Incomplete:
            continue
    return brought


def wanted_of(names: Names, only: tuple[str, ...]) -> list[tuple[str, str]]:
    """(kind, digest) of the facts that names of the log mean.

    Raises:
        NotFound: one means nothing.
    """
    found = []
    for name in only:
        value = names.value(name)
        if value is None or not is_digest(value):
            raise NotFound(f"{name} holds nothing on the remote", "mlctl clone --help", name=name)
        kind = name.split("/")[0]
        found.append(("models" if kind == "stages" else kind, value))
    return found


def push(repository: Repository, store: RemoteStore, ways: Ways, *, adopt: bool = False) -> Pushed:
    """Share everything, and publish what is pending.

    Raises:
        Corrupt, Untrusted, Incomplete, UsageError: as `fetch`.
        Unreachable, Denied: what was published counts.
    """
    decisions = repository.decisions
    made = Pushed(fetched=Fetched())
    log, known = SharedLog(store), Known(repository.layout, store.url)
    for _ in range(_ROUNDS):
        # before anything is sent: a folder that is not mounted must not be filled, and believed to have it
        thorough = bool(decisions.waiting()) or bool(unshared(repository, known))
        fetched = fetch(repository, store, ways.told, adopt=adopt, thorough=thorough)
        _add(made.fetched, fetched)
        if fetched.own and _is_joined(repository):
            known.forget()  # the remote has lost entries, and who knows what else
        chain, head = decisions.waiting(), decisions.shared().head
        # what is decided from here on may have facts that are not sent now, and waits for the next round
        made.sent += _share_facts(repository, store, known, ways)
        if fetched.own:
            made.uploaded += _upload_own(repository, log, head)
            continue  # to see whether all of it is there
        result = publish(repository, log, chain, _standing(repository, store, known, ways.check), ways.now)
        made.published += result.published
        made.waiting = {number: one.why for number, one in result.waiting.items()}
        if not result.behind:
            return made
    raise Unreachable(
        f"{store.url}: others publish faster than this push can follow", "mlctl push", url=store.url
    )


def _standing(repository: Repository, store: RemoteStore, known: Known, check: Check) -> Check:
    """The check, and before it that every fact which an entry names is there: no name may dangle."""

    def act(entry: Entry, names: Names) -> str | None:
        for kind, digest in named_by([entry]):
            here = kind and repository.layout.fact(kind, digest).exists()  # then it was sent
            if not kind or here or known.has(kind, digest):
                continue
            if not store.sizes([keys.fact(kind, digest)]):
                return f"{kind}/{digest}, which it names, is neither here nor on the remote; {WHO_HAS_IT}"
            known.add(kind, [digest])
        return check(entry, names)

    return act


def _share_facts(repository: Repository, store: RemoteStore, known: Known, ways: Ways) -> int:
    facts = unshared(repository, known)
    if not facts:
        return 0
    data = data_of(repository, facts)
    if data:
        ways.upload(data)
    return share(repository, store, known, facts, ways.told)


def _upload_own(repository: Repository, log: SharedLog, head: int) -> int:
    """Put what the remote lacks of our log up to a number, as it is; 0 where another one was faster."""
    log.let_be_filled()
    compared = compare(repository, log, thorough=True)
    if compared.theirs:
        return 0
    if not upload_as_it_is(repository, log, compared.common + 1, head):
        return 0
    join_equal(repository, head)
    return head - compared.common


def _is_joined(repository: Repository) -> bool:
    return repository.decisions.pending.joined() is not None


def _check_format(store: RemoteStore) -> None:
    """The remote's format is one that this program knows; it has none while it is empty."""
    try:
        data = store.read(keys.FORMAT)
    except Missing:
        return
    check_format(store.url, data)


def _add(to: Fetched, more: Fetched) -> None:
    to.decisions += more.decisions
    to.facts += more.facts
    to.renumbered += more.renumbered
    to.parted += more.parted

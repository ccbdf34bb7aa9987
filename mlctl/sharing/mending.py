"""Sends again what a remote has lost: nothing is believed, every entry, fact, object and file is asked for.

What is asked is the key and its size. Order as in a push: data, objects, facts, decisions. What is not here
either is told and holds nothing else up.
"""

from collections.abc import Callable, Collection, Iterator

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Denied
from mlctl.domain.records import encode
from mlctl.sharing import keys
from mlctl.sharing.exchange import compare
from mlctl.sharing.facts import (
    OBJECT,
    Told,
    data_of,
    every,
    named_by,
    named_objects,
    send_facts,
    send_objects,
    size_here,
)
from mlctl.sharing.rounds import fetch
from mlctl.sharing.shared_log import SharedLog
from mlctl.sharing.transfer import Mended
from mlctl.store.known import Known
from mlctl.store.layout import FORMAT
from mlctl.store.references import SHAPES, references
from mlctl.store.removed import Excuses
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal

_FEW = 8  # keys; of more the folders are listed


class SentAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What a remote had lost.

    Attributes:
        facts: facts and objects that were sent.
        data: files of data that were sent, and which are nowhere.
        objects: digests of objects that are nowhere.
    """

    decisions: int = 0
    facts: int = 0
    data: Mended = Mended()
    objects: tuple[str, ...] = ()


Mend = Callable[[list[str]], Mended]
"""Makes the data's remote hold what is here of these md5."""


def mend(
    repository: Repository,
    store: RemoteStore,
    mend_data: Mend,
    told: Told,
    *,
    withheld: Collection[str] = (),
    dry_run: bool = False,
) -> SentAgain:
    """Ask for all that the remote was ever known to hold, send what it lacks. The caller holds the lock.

    Args:
        repository: whose facts, objects and decisions are asked for.
        store: of the remote.
        mend_data: for the data.
        told: of progress.
        withheld: md5 of dataset versions whose data no push carries.
        dry_run: only ask.

    Raises:
        Corrupt: something here is damaged; it was not sent.
        Unreachable: the remote holds nothing of this log any more: it is not filled. Denied, UsageError.
    """
    joined = repository.decisions.pending.joined() is not None
    if joined and dry_run:
        compare(repository, SharedLog(store), thorough=True)  # it refuses what the fetch would refuse
    elif joined:
        fetch(repository, store, told, thorough=True)
    known = Known(repository.layout, store.url)
    here_are = every(repository)
    sizes = _sizes(store, keys.FACTS, [keys.fact(*one) for one in here_are])
    named = _named(repository) if joined else set()
    facts = [
        one for one in here_are if keys.fact(*one) in sizes or one[1] in named or known.has(*one)
    ]  # the others wait for their first push
    data = mend_data(_data(repository, facts, withheld))
    objects = named_objects(facts, lambda *one: _objects(repository, *one))
    here = {digest: size_here(repository, digest) for digest in objects}
    sizes |= _sizes(store, keys.OBJECTS, [keys.object_of(one) for one in objects])
    lost = [one for one, size in here.items() if size is not None and sizes.get(keys.object_of(one)) != size]
    excuses = Excuses(repository)
    nowhere = tuple(
        one
        for one, size in here.items()
        if size is None and keys.object_of(one) not in sizes and not excuses.all_excused(objects[one], one)
    )
    gone = [one for one in facts if sizes.get(keys.fact(*one)) != _fact_size(repository, *one)]
    if not dry_run:
        known.lose([*((OBJECT, digest) for digest in (*lost, *nowhere)), *gone])
        known.add(OBJECT, {one for one in objects if keys.object_of(one) in sizes} - set(lost))
        there = set(facts) - set(gone)
        for kind in dict.fromkeys(kind for kind, _digest in facts):
            known.add(kind, [digest for one, digest in facts if one == kind and (kind, digest) in there])
        send_objects(repository, store, known, lost, told)
        send_facts(repository, store, known, gone, told)
    decisions = _mend_log(repository, store, dry_run=dry_run) if joined else 0
    return SentAgain(decisions=decisions, facts=len(lost) + len(gone), data=data, objects=nowhere)


def _data(repository: Repository, facts: list[tuple[str, str]], withheld: Collection[str]) -> list[str]:
    """Every file that these dataset versions name: by manifest, since not every listing need be here."""
    found = dict.fromkeys(md5 for md5 in data_of(repository, facts) if md5 not in withheld)
    for kind, digest in facts:
        if kind != DatasetVersion.kind:
            continue
        version = repository.facts.get(DatasetVersion, digest)
        if (
            version.md5 not in withheld
            and version.path is not None
            and version.shape == "folder"
            and repository.objects.has(version.sha256)
        ):
            found.update((entry.md5, None) for entry in repository.manifests.entries(version.sha256))
    return list(found)


def _objects(repository: Repository, kind: str, digest: str) -> Iterator[str]:
    """The objects that a fact names; the chunks of a manifest too where that is here."""
    named = references(repository.facts.get(SHAPES[kind], digest))
    yield from named.objects
    for manifest in named.manifests:
        if repository.objects.has(manifest):
            yield from repository.manifests.objects(manifest)


def _named(repository: Repository) -> set[str]:
    """Digests of the facts that decisions of the log name: they were sent before these."""
    decisions = repository.decisions
    entries = (decisions.get(number).entry for number in range(1, decisions.shared().head + 1))
    return {digest for _kind, digest in named_by(entries)}


def _sizes(store: RemoteStore, below: str, wanted: list[str]) -> dict[str, int]:
    if len(wanted) <= _FEW:
        return store.sizes(wanted)
    asked = set(wanted)
    try:
        return {one.key: one.size for one in store.list(below) if one.key in asked}
    except Denied:  # a bucket that we may read but not list
        return store.sizes(wanted)


def _fact_size(repository: Repository, kind: str, digest: str) -> int:
    return repository.layout.fact(kind, digest).stat().st_size


def _mend_log(repository: Repository, store: RemoteStore, *, dry_run: bool) -> int:
    """Put the entries that the remote lacks, byte for byte; how many."""
    there = {one.key for one in store.list(keys.DECISIONS)}
    numbers = range(1, repository.decisions.shared().head + 1)
    lost = [number for number in numbers if keys.decision(number) not in there]
    if dry_run:
        return len(lost)
    store.create(keys.FORMAT, seal(encode({"format": FORMAT})))
    return sum(
        store.create(keys.decision(number), repository.layout.decision(number).read_bytes())
        for number in lost
    )

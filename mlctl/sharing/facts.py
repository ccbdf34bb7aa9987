"""Facts and objects between a repository and a remote: by union, verified before they are looked at.

Upwards objects go before the facts that name them, and both before any decision. Downwards nothing is stored
whose bytes do not have the digest that names them; facts are stored once all that they name is there.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Entry
from mlctl.domain.errors import Corrupt, Denied, Incomplete, Missing, Untrusted
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import is_digest
from mlctl.domain.records import Fact, decode, digest_of
from mlctl.domain.remote import WHO_HAS_IT
from mlctl.sharing import keys
from mlctl.sharing.bottom_up import bottom_up
from mlctl.sharing.odd_paths import refuse_odd_paths
from mlctl.sharing.pool import all_of
from mlctl.sharing.removed import removed_there
from mlctl.store.fact_files import fact_names
from mlctl.store.known import SHARED, Known
from mlctl.store.objects import file_digest
from mlctl.store.references import SHAPES, references
from mlctl.store.removed import Excuses
from mlctl.store.repository import Repository

LISTED = ("runs", "removals", "repeats", "reproductions", "evaluations", "reports")
"""Kinds that no decision need name."""

OBJECT = "object"
"""The kind under which `Known` remembers objects."""

_LARGE = 1 << 20  # bytes; below this a put costs no more than asking whether it is there

Told = Callable[[int, int], None]
"""Told of so many more things and bytes that have moved."""


# --- upwards


def unshared(repository: Repository, known: Known) -> list[tuple[str, str]]:
    """(kind, digest) of the facts here that the remote is not known to hold, what others name first."""
    return _ordered(repository, lambda kind, digest: not known.has(kind, digest))


def every(repository: Repository) -> list[tuple[str, str]]:
    """(kind, digest) of the facts here that travel, what others name first."""
    return _ordered(repository, lambda _kind, _digest: True)


def _ordered(repository: Repository, chosen: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    order = {kind: place for place, kind in enumerate(("datasets", "models", "runs", "evaluations"))}
    kinds = sorted(SHARED, key=lambda kind: order.get(kind, len(order)))
    found = [
        (kind, digest)
        for kind in kinds
        for digest in sorted(fact_names(repository.layout.facts / kind))
        if chosen(kind, digest)
    ]
    return sorted(found, key=lambda one: (kinds.index(one[0]), _created(repository, *one)))


def data_of(repository: Repository, facts: Iterable[tuple[str, str]]) -> list[str]:
    """The md5 of the data that these facts name in DVC's cache."""
    versions = (repository.facts.get(DatasetVersion, d) for kind, d in facts if kind == DatasetVersion.kind)
    return list(dict.fromkeys(version.md5 for version in versions if version.path is not None))


def share(
    repository: Repository, store: RemoteStore, known: Known, facts: list[tuple[str, str]], told: Told
) -> int:
    """Make the remote hold these facts and every object that they name; how many of both were sent.

    Raises:
        Incomplete: an object is neither here nor there, and no rule let it go. Corrupt: one here is damaged.
    """
    excuses = Excuses(repository)
    objects = [
        digest
        for digest, subjects in named_objects(facts, lambda *one: objects_of(repository, *one)).items()
        if not known.has(OBJECT, digest)
        and (repository.objects.has(digest) or not excuses.all_excused(subjects, digest))
    ]
    sent = _share_objects(repository, store, known, objects, told)
    send_facts(repository, store, known, facts, told)
    return sent + len(facts)


def send_facts(
    repository: Repository, store: RemoteStore, known: Known, facts: list[tuple[str, str]], told: Told
) -> None:
    """Put facts whose objects are there; one kind after another, as they come.

    Raises:
        Corrupt: one here is damaged; it was not sent.
    """

    def put(name: str) -> None:
        kind, digest = name.split("/")
        data = repository.layout.fact(kind, digest).read_bytes()
        if digest_of(data) != digest:
            raise Corrupt(f"fact {digest} is damaged; it was not sent", "mlctl fsck --repair", digest=digest)
        store.put(keys.fact(kind, digest), data)
        told(1, len(data))

    for kind in dict.fromkeys(kind for kind, _digest in facts):
        own = [digest for one, digest in facts if one == kind]
        all_of(store.parallel, put, [f"{kind}/{digest}" for digest in own])
        known.add(kind, own)


def _share_objects(
    repository: Repository, store: RemoteStore, known: Known, digests: list[str], told: Told
) -> int:
    here = {digest: size_here(repository, digest) for digest in digests}
    asked = [digest for digest, size in here.items() if size is None or size > _LARGE]
    there = store.sizes(keys.object_of(digest) for digest in asked) if asked else {}
    gone = [d for d, size in here.items() if size is None and keys.object_of(d) not in there]
    if gone:
        raise Incomplete(
            f"object {gone[0]} is neither here nor on {store.url}, and a fact needs it",
            "mlctl fsck --repair",
            digest=gone[0],
        )
    sending = [d for d, size in here.items() if size is not None and there.get(keys.object_of(d)) != size]
    send_objects(repository, store, known, sending, told)
    known.add(OBJECT, digests)
    return len(sending)


def send_objects(
    repository: Repository, store: RemoteStore, known: Known, digests: list[str], told: Told
) -> None:
    """Put objects.

    Raises:
        Corrupt: one here is damaged; it was not sent.
    """

    def put(digest: str) -> None:
        path = repository.objects.path(digest)  # verified just now
        store.put_file(keys.object_of(digest), path, lambda more: told(0, more))
        told(1, 0)

    all_of(store.parallel, put, digests)
    known.add(OBJECT, digests)


def objects_of(repository: Repository, kind: str, digest: str) -> Iterator[str]:
    """Every object that a fact here names, the chunks of a manifest included."""
    named = references(repository.facts.get(SHAPES[kind], digest))
    yield from (one for one in named.objects if one not in named.manifests)
    for manifest in named.manifests:
        yield from repository.manifests.objects(manifest)


def named_objects(
    facts: Iterable[tuple[str, str]], objects: Callable[[str, str], Iterable[str]]
) -> dict[str, list[str]]:
    """Every object that facts name, with the digests of these facts."""
    found: dict[str, list[str]] = {}
    for kind, digest in facts:
        for one in objects(kind, digest):
            found.setdefault(one, []).append(digest)
    return found


def size_here(repository: Repository, digest: str) -> int | None:
    """The size of an object; None where it is not here."""
    try:
        return repository.layout.object(digest).stat().st_size
    except FileNotFoundError:
        return None


def _created(repository: Repository, kind: str, digest: str) -> str:
    return repository.facts.get(SHAPES[kind], digest).created_at


# --- downwards


def named_by(entries: Iterable[Entry]) -> dict[tuple[str, str], None]:
    """(kind, digest) of the facts that entries name; the kind is "" where only the remote can say it."""
    found: dict[tuple[str, str], None] = {}
    for entry in entries:
        typed = set()
        for change in entry.changes:
            head = change.name.split("/")[0]
            kind = "models" if head == "stages" else head
            if change.new is not None and kind in SHAPES:
                found[kind, change.new] = None
                typed.add(change.new)
        evaluation = entry.evidence.get("evaluation")
        if isinstance(evaluation, str) and is_digest(evaluation):
            found["evaluations", evaluation] = None
            typed.add(evaluation)
        found.update(
            {("", digest): None for digest in entry.needs if digest not in typed and is_digest(digest)}
        )
    return found


class Bringing:
    """Brings facts and what they name; nothing is stored as a fact before everything it names is there.

    Args:
        repository: that is to hold them.
        store: that they are read from.
        known: what that store holds, completed on the way.
        told: of progress.
        thorough: what is here may lack what it names (after `--only`), so that is looked at too.

    Attributes:
        arrived: digests of the objects that it has brought.
        entries: decisions that are taken over once their facts are here.
    """

    def __init__(
        self, repository: Repository, store: RemoteStore, known: Known, told: Told, *, thorough: bool = False
    ) -> None:
        self.arrived: list[str] = []
        self.entries: list[Entry] = []
        self._thorough = thorough
        self._repository = repository
        self._store = store
        self._known = known
        self._told = told
        self._read: dict[tuple[str, str], tuple[bytes, Fact]] = {}

    def bring(self, wanted: Iterable[tuple[str, str]], *, deep: bool = True) -> int:
        """Bring facts, the facts that they name, and their objects; how many facts and objects are new.

        Args:
            wanted: (kind, digest); kind "" where it is not known, which costs a few requests.
            deep: the objects of the facts that they name too; else those of the wanted alone.

        Raises:
            Incomplete: the remote lacks one. Corrupt: bytes are not what they are named by.
            Untrusted: a fact holds a path that leads out of the project.
        """
        roots = self._typed(wanted)
        order = self._closure(roots)
        chosen = order if deep else roots
        self._bring_objects(named_objects(chosen, self._objects))
        for one in chosen:
            self._bring_objects(named_objects([one], self._chunks))
        fresh = [one for one in order if one in self._read]
        for kind, digest in fresh:
            self._repository.files.put(
                self._repository.layout.fact(kind, digest), self._read.pop((kind, digest))[0]
            )
        for kind, digest in order:
            self._known.add(kind, [digest])
        return len(fresh)

    def listed(self) -> list[tuple[str, str]]:
        """Facts on the remote that no decision need name, and that are not here; none where it can't list."""
        found: list[tuple[str, str]] = []
        for kind in LISTED:
            try:
                listed = list(self._store.list(f"{keys.FACTS}{kind}/"))
            except Denied:  # a web server, or a bucket that we may read but not list
                return found
            for one in listed:
                digest = one.key.rpartition("/")[2].removesuffix(".json")
                if one.key == keys.fact(kind, digest) and is_digest(digest):
                    self._known.add(kind, [digest])
                    if not self._has(kind, digest):
                        found.append((kind, digest))
        return found

    def _evaluation(self, digest: str) -> Evaluation | None:
        fact = self._read.get((Evaluation.kind, digest), (b"", None))[1]
        return fact if isinstance(fact, Evaluation) else None

    def _typed(self, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        known = [one for one in wanted if one[0]]
        named = {digest for _kind, digest in known}
        untyped = [digest for kind, digest in wanted if not kind]
        left = [
            digest
            for digest in dict.fromkeys(untyped)
            if not self._repository.objects.has(digest)
            and not any(self._has(kind, digest) for kind in SHAPES)
            and digest not in named
        ]
        asked = {keys.fact(kind, digest): (kind, digest) for digest in left for kind in SHARED}
        there = self._store.sizes(asked) if asked else {}
        return [*known, *(asked[key] for key in there)]

    def _closure(self, roots: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The wanted facts and all that they name, each after what it names; what is not here is read."""
        names: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        edge = list(dict.fromkeys(roots))
        while edge:
            lacking = [f"{kind}/{digest}" for kind, digest in edge if not self._has(kind, digest)]
            all_of(self._store.parallel, self._read_fact, lacking)
            for one in edge:
                here = one not in self._read and not self._thorough
                names[one] = () if here else references(self._fact(*one)).facts
            edge = list(dict.fromkeys(name for one in edge for name in names[one] if name not in names))
        return list(bottom_up(names))

    def _read_fact(self, name: str) -> None:
        kind, digest = name.split("/")
        if kind not in SHARED or not is_digest(digest):
            raise Untrusted(f"{self._store.url} names a fact {name!r}, which is none", name=name)
        key = keys.fact(kind, digest)
        try:
            data = self._store.read(key)
        except Missing:
            raise Incomplete(
                f"{self._store.url} does not hold {key}, which a decision needs; {WHO_HAS_IT}", key=key
            ) from None
        if digest_of(data) != digest:
            raise Corrupt(f"{self._store.url}: {key} does not have the sha256 that it is named by", key=key)
        try:
            fact = decode(data, SHAPES[kind])
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"{self._store.url}: {key} is no {SHAPES[kind].__name__}: {error}", key=key
            ) from error
        refuse_odd_paths(self._store.url, fact)
        self._read[kind, digest] = (data, fact)
        self._told(1, len(data))

    def _fact(self, kind: str, digest: str) -> Fact:
        read = self._read.get((kind, digest))
        return read[1] if read is not None else self._repository.facts.get(SHAPES[kind], digest)

    def _objects(self, kind: str, digest: str) -> Iterator[str]:
        yield from references(self._fact(kind, digest)).objects

    def _chunks(self, kind: str, digest: str) -> Iterator[str]:
        for manifest in references(self._fact(kind, digest)).manifests:
            yield from self._repository.manifests.objects(manifest)

    def _bring_objects(self, named: dict[str, list[str]]) -> None:
        """Bring those that are not here; each with the facts that name it."""
        lacking = [digest for digest in named if not self._repository.objects.has(digest)]
        absent: list[str] = []
        before = len(self.arrived)

        def bring(digest: str) -> None:
            if not is_digest(digest):
                raise Untrusted(f"{self._store.url} names an object {digest!r}, which is none", digest=digest)
            files = self._repository.files
            with files.folder("fetched") as folder:
                target = folder / "object"
                target.touch()  # of an empty object no bytes arrive
                try:
                    self._store.fetch(keys.object_of(digest), target, lambda more: self._told(0, more))
                except Missing:
                    absent.append(digest)
                    return
                if file_digest(target) != digest:
                    raise Corrupt(
                        f"{self._store.url}: object {digest} does not have the sha256 that it is named by",
                        digest=digest,
                    )
                files.adopt(target, self._repository.layout.object(digest))
            self.arrived.append(digest)
            self._told(1, 0)

        all_of(self._store.parallel, bring, lacking)
        self._refuse_absent({digest: named[digest] for digest in absent})
        self._known.add(OBJECT, self.arrived[before:])  # not what is here: the remote may lack it

    def _refuse_absent(self, named: dict[str, list[str]]) -> None:
        if not named:
            return
        there = removed_there(self._store)
        excuses = Excuses(self._repository, more=there, entries=self.entries, evaluation=self._evaluation)
        for digest, subjects in named.items():
            if not excuses.all_excused(subjects, digest):
                raise Incomplete(
                    f"{self._store.url} does not hold object {digest}, which a fact needs; {WHO_HAS_IT}",
                    digest=digest,
                )

    def _has(self, kind: str, digest: str) -> bool:
        return self._repository.layout.fact(kind, digest).exists()

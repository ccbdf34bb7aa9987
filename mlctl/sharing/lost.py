"""Brings back facts and objects that are named here and not here any more, from the remote of the log.

What the remote lacks as well holds nothing else up.
"""

from collections.abc import Iterable

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Incomplete, Missing
from mlctl.domain.stacks import is_number
from mlctl.sharing.facts import Bringing, Told, every, named_by
from mlctl.sharing.rounds import bring_listed, wanted_of
from mlctl.store.known import Known
from mlctl.store.references import SHAPES, references
from mlctl.store.repository import Repository


def has_lost(repository: Repository) -> bool:
    """Whether something is gone, seen at a glance.

    That is a whole folder of the store, or what the newest dataset versions and the versions in stages name.
    Older ones are not looked at: `fsck` reads everything.
    """
    layout, decisions = repository.layout, repository.decisions
    if not (layout.objects.exists() and layout.facts.exists() and layout.decisions.exists()):
        return True
    joined, names = decisions.pending.joined(), decisions.names()
    if joined is None or joined.only:
        return False
    newest: dict[str, tuple[int, str]] = {}
    for name, digest in names.under("datasets/").items():
        family, _, number = name.rpartition("/")
        if is_number(number):
            newest[family] = max(newest.get(family, (0, "")), (int(number), digest))
    held = [("datasets", digest) for _number, digest in newest.values()]
    held += [("models", digest) for digest in names.under("stages/").values()]
    try:
        return any(
            not repository.objects.has(needed)
            for kind, digest in held
            for needed in references(repository.facts.get(SHAPES[kind], digest)).objects
        )
    except Missing:
        return True


def bring_lost(
    repository: Repository, store: RemoteStore, told: Told = lambda _things, _bytes: None
) -> tuple[int, int]:
    """How many facts and objects came again. The caller holds the lock.

    Raises:
        Corrupt: bytes of the remote are not what they are named by; or a fact here is damaged.
        Unreachable, Denied, Untrusted: of the remote.
    """
    bringing = Bringing(repository, store, Known(repository.layout, store.url), told, thorough=True)
    decisions = repository.decisions
    joined = decisions.pending.joined()
    names = decisions.shared()
    if joined is not None and joined.only:
        facts = _each(bringing, wanted_of(names, joined.only), deep=False)
    else:
        entries = (decisions.get(number).entry for number in range(1, names.head + 1))
        facts = _each(bringing, dict.fromkeys([*named_by(entries), *every(repository)]), deep=True)
        facts += bring_listed(bringing)
    repository.files.flush()
    return facts, len(bringing.arrived)


def _each(bringing: Bringing, wanted: Iterable[tuple[str, str]], *, deep: bool) -> int:
    """All at once, which is quick; one by one where something is lost there too."""
    wanted = list(wanted)
    try:
        return bringing.bring(wanted, deep=deep)
    except Incomplete:
        brought = 0
    for one in wanted:
        try:
            brought += bringing.bring([one], deep=deep)
        except Incomplete:
            continue
    return brought

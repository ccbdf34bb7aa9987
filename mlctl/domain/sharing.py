"""What waits for publication: decisions of this repository on top of the log that it shares with others.

Pure: shared names and pending entries are handed in; out come today's names, the numbers that versions get
now, and why an entry can't follow. Pending decisions are numbered from 1,000,000,001, so that a number tells
which chain it is of; people read `p1`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from mlctl.domain.decision import Change, Entry, apply, copied, dangling, moved_since, stale_changes
from mlctl.domain.names import Names
from mlctl.domain.stacks import is_number

PENDING = 1_000_000_000
"""Pending decisions have the numbers above this one, counted within one repository."""


def is_pending(number: int) -> bool:
    """Whether a number is that of a pending decision."""
    return number > PENDING


def spoken(number: int) -> str:
    """A decision's number as people read and type it: `12`, or `p3` where it is pending."""
    return f"p{number - PENDING}" if is_pending(number) else str(number)


def heard(text: str) -> int | None:
    """The number that `12` or `p3` means, or None."""
    digits = text.removeprefix("p")
    if not is_number(digits):
        return None
    return int(digits) + (PENDING if text != digits else 0)


def is_published(names: Names, name: str) -> bool:
    """Whether what a name means now is everybody's: its number is final."""
    last = names.last_effect(name)
    return last is None or not is_pending(last)


def starred(label: str, *, published: bool) -> str:
    """A version's label as people read it: `demand@8*` where the number may still change."""
    return label if published else f"{label}*"


class PendingEntry(Entry, frozen=True, kw_only=True):
    """A decision that waits for publication, the body of `.mlctl/pending/<number>`.

    Attributes:
        versions: for each version among the names changed that a pending decision gives, that decision's
            number: which version is meant, whatever its name is by the time of publication.
    """

    versions: Mapping[str, int] = msgspec.field(default_factory=dict)


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a pending entry.

    Attributes:
        number: in the shared log.
        versions: family to the name that the version it gives has there.
    """

    number: int
    versions: Mapping[str, str]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Why a pending entry can't follow the entries before it.

    Attributes:
        why: a sentence.
        names: that it would move; what else is to move them waits behind it, so that nothing overtakes.
    """

    why: str
    names: tuple[str, ...] = ()


Settled = Callable[[int], Published | None]
"""What became of a pending entry that is settled; None where it was dropped."""


class Overlay(msgspec.Struct, kw_only=True):
    """Names with pending entries on top, and how each entry stands on them.

    Attributes:
        names: shared names and every pending entry that can follow them; `head` stays the shared log's.
        placed: pending number to the entry as it stands now, with today's version names.
        waiting: pending number to why it can't follow.
        given: pending number to family to the name of the version that it gives.
    """

    names: Names
    placed: dict[int, Entry] = {}
    waiting: dict[int, Waiting] = {}
    given: dict[int, dict[str, str]] = {}


def overlay(
    shared: Names, chain: Iterable[PendingEntry], settled: Settled, carried: Mapping[str, int]
) -> Overlay:
    """Today's names: the shared ones with what is pending on top.

    Args:
        shared: the fold of the shared log.
        chain: the entries that are neither published nor dropped, in order.
        settled: asked of those that are.
        carried: family to the highest version number that any dropped entry carried; given to nobody again.
    """
    made = Overlay(names=copied(shared))
    own: set[str] = set()
    held = dict(carried)
    for entry in chain:
        step(made, own, entry, settled, carried)
        # of what is renumbered both numbers count: people have seen the first one
        for family, number in numbers_carried(entry).items():
            held[family] = max(held.get(family, 0), number)
    for family, number in held.items():
        made.names.highest[family] = max(made.names.highest.get(family, 0), number)
    return made


def step(
    made: Overlay, own: set[str], entry: PendingEntry, settled: Settled, carried: Mapping[str, int]
) -> None:
    """Put one more pending entry on top, or say why it waits."""
    fitted = fit(made, entry, settled, carried)
    if isinstance(fitted, Waiting):
        made.waiting[entry.number] = fitted
        return
    made.placed[entry.number] = fitted
    made.given[entry.number] = {
        family: change.name for change in fitted.changes if (family := _gives(fitted, change)) is not None
    }
    apply(made.names, fitted, own)


def fit(made: Overlay, entry: PendingEntry, settled: Settled, carried: Mapping[str, int]) -> Entry | Waiting:
    """The entry with the names and numbers that are right on top of what is made; or why it can't follow."""
    undoes = entry.undoes
    if undoes is not None and is_pending(undoes) and undoes not in made.placed:
        published = None if undoes in made.waiting else settled(undoes)
        if published is None:
            return _held_back(entry.changes, f"decision {spoken(undoes)}, which it is about, is not decided")
        undoes = published.number
    moved = _renamed(made, entry, settled, carried)
    if isinstance(moved, str):
        return _held_back(entry.changes, moved)
    fitted = msgspec.structs.replace(entry, changes=moved, undoes=undoes)
    before = overtaken(made.waiting, moved)
    if before is not None:
        return _held_back(moved, f"decision {spoken(before)}, which moves the same name, waits")
    why = hindrance(made.names, fitted)
    return fitted if why is None else _held_back(moved, why)


def overtaken(waiting: Mapping[int, Waiting], changes: Iterable[Change]) -> int | None:
    """The waiting decision that moves one of the names, too, or None."""
    names = {change.name for change in changes}
    return next((number for number, one in waiting.items() if names & set(one.names)), None)


def _held_back(changes: Iterable[Change], why: str) -> Waiting:
    return Waiting(why=why, names=tuple(change.name for change in changes))


def _renamed(
    made: Overlay, entry: PendingEntry, settled: Settled, carried: Mapping[str, int]
) -> tuple[Change, ...] | str:
    """The changes with today's names; or why they can't be known."""
    changes = []
    own: dict[str, str] = {}  # version as the entry names it, as it is named now
    for change in entry.changes:
        version = version_of(change.name)
        name = change.name
        if version is not None and version in entry.versions and version not in own:
            maker = entry.versions[version]
            found = _named_by(made, maker, version.rpartition("/")[0], settled)
            if found is None:
                return f"decision {spoken(maker)}, which makes {version}, is not decided"
            own[version] = found
        if version is not None and version in own:
            name = own[version] + name[len(version) :]
        family = _gives(entry, msgspec.structs.replace(change, name=name))
        if family is not None and int(name.rpartition("/")[2]) <= made.names.highest.get(family, 0):
            number = max(made.names.highest[family], carried.get(family, 0)) + 1
            if version == change.name:
                own[version] = f"{family}/{number}"
            name = f"{family}/{number}"
        changes.append(msgspec.structs.replace(change, name=name))
    return tuple(changes)


def _named_by(made: Overlay, maker: int, family: str, settled: Settled) -> str | None:
    """The name now of the version that a pending entry gives."""
    if maker in made.placed:
        return made.given[maker].get(family)
    published = None if maker in made.waiting else settled(maker)
    return None if published is None else published.versions.get(family)


def version_of(name: str) -> str | None:
    """The version that a name belongs to: `models/demand/8` of `models/demand/8/level/1`; None of a stage."""
    parts = name.split("/")
    if parts[0] in {"datasets", "models"} and len(parts) > 2 and is_number(parts[2]):  # noqa: PLR2004 - kind/name/number
        return "/".join(parts[:3])
    return None


def _gives(entry: Entry, change: Change) -> str | None:
    """The family in which a change gives a new number; an undo or a redo gives none."""
    family, _, tail = change.name.rpartition("/")
    new = change.old is None and change.new is not None and entry.kind not in {"undo", "redo"}
    return family if new and is_number(tail) and family.startswith(("datasets/", "models/")) else None


def numbers_carried(entry: Entry) -> dict[str, int]:
    """Family to version number, for each that an entry gives under its own names."""
    return {
        family: int(change.name.rpartition("/")[2])
        for change in entry.changes
        if (family := _gives(entry, change)) is not None
    }


def hindrance(names: Names, entry: Entry) -> str | None:
    """Why the entry can't be the next decision on these names; None where it can."""
    if entry.kind == "undo":
        for change in entry.changes:
            stack = names.effects.get(change.name, [])
            below = stack[-2].value if len(stack) > 1 else None
            if not stack or stack[-1].number != entry.undoes or below != change.new:
                return f"{change.name} has moved since the decision that it takes back"
    if entry.kind == "redo":
        undone = next((one for one in reversed(names.undone) if one.number == entry.undoes), None)
        same = undone is not None and {change.name for change in entry.changes} == set(undone.beneath)
        if undone is None or not same or moved_since(names, undone):
            return "what it brings back has moved since"
    stale = stale_changes(names, entry.changes)
    if stale:
        return f"{stale[0].name} has moved since"
    loose = dangling(names, entry.changes)
    return f"{loose[0][0]} needs {loose[0][1]}, which does not stand" if loose else None


def made_by(made: Overlay, changes: Iterable[Change]) -> dict[str, int]:
    """For each version among the names changed that a placed pending entry gives, that entry's number."""
    givers = {name: number for number, given in made.given.items() for name in given.values()}
    found = sorted({version for change in changes if (version := version_of(change.name)) is not None})
    return {version: givers[version] for version in found if version in givers}


def shared_entry(fitted: Entry, pending: PendingEntry, head: Names, settled: Settled, now: str) -> Entry:
    """The entry to be put into the shared log, after `head`, for a pending one as `fit` made it."""
    renamed = {
        new.name: old.name
        for new, old in zip(fitted.changes, pending.changes, strict=True)
        if new.name != old.name
    }
    return Entry(
        format=pending.format,
        number=head.head + 1,
        id=pending.id,
        parent=head.parent,
        made_at=pending.made_at,
        committed_at=max(now, head.committed_at),
        actor=pending.actor,
        kind=pending.kind,
        command=pending.command,
        changes=fitted.changes,
        reason=pending.reason,
        evidence=_evidence_of(pending.evidence, settled),
        needs=pending.needs,
        undoes=fitted.undoes,
        was=renamed or None,
    )


def published_as(entry: Entry) -> Published:
    """What became of a pending entry whose shared entry is this."""
    gives = {family: change.name for change in entry.changes if (family := _gives(entry, change)) is not None}
    return Published(number=entry.number, versions=gives)


def _evidence_of(evidence: Mapping[str, Any], settled: Settled) -> dict[str, Any]:
    """Evidence with the shared numbers of the decisions that it names."""
    found = dict(evidence)
    number = found.get("promotion")
    if isinstance(number, int) and is_pending(number) and (published := settled(number)) is not None:
        found["promotion"] = published.number
    return found

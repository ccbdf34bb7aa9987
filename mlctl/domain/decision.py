"""Decisions: numbered, hash-chained entries that move names, and their fold.

Everything here is pure: the log's bytes are handed in, the names of a moment come out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.names import Names, Undone
from mlctl.domain.records import Record
from mlctl.domain.refs import REPOSITORY
from mlctl.domain.stacks import Effect, Stacks, is_number


class Actor(Record, frozen=True, kw_only=True):
    """Who decided, as far as the machine can tell; the chain proves order, not identity.

    Attributes:
        name, email: of git's configuration, or None.
        user: of the operating system.
        host: the machine's name.
        via: "terminal", "ci" or "loop".
    """

    name: str | None = None
    email: str | None = None
    user: str
    host: str
    via: str


class Change(Record, frozen=True, kw_only=True):
    """One name that moves; None stands for "does not exist"."""

    name: str
    old: str | None
    new: str | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A decision before it has a number.

    Attributes:
        kind: the verb that decides: "init", "data add", "train", "promote", "rollback", "undo", "redo", ...
        changes: at least one; every `old` must equal the value at commit.
        evidence: what the decision stood on (digests of evaluation and gates, the commit, reasons, ...).
        needs: digests that must be stored (and, with a remote, published) before this entry.
        undoes: for "undo" and "redo", the number of the entry whose effect is taken back or brought back.
    """

    kind: str
    changes: tuple[Change, ...]
    reason: str | None = None
    evidence: Mapping[str, Any] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    undoes: int | None = None


class Entry(Record, frozen=True, kw_only=True):
    """One committed decision, the body of `.mlctl/decisions/<number>`.

    Attributes:
        id: 32 random hexadecimal digits; what makes a put recognisable as one's own.
        parent: digest of the entry before it; None for number 1.
        made_at, committed_at: RFC 3339 UTC; committed_at never goes back along the chain.
        was: the version numbers that a pending entry carried before publication gave it others.
    """

    format: int
    number: int
    id: str
    parent: Digest | None
    made_at: str
    committed_at: str
    actor: Actor
    kind: str
    command: str
    changes: tuple[Change, ...]
    reason: str | None = None
    evidence: Mapping[str, Any] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    undoes: int | None = None
    was: Mapping[str, str] | None = None


def repository_of(entry: Entry) -> str | None:
    """The id of the repository whose log a first entry begins; None where it says none."""
    return {change.name: change.new for change in entry.changes}.get(REPOSITORY)


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with the digest of its body."""

    entry: Entry
    sha256: Digest


class BrokenLog(ValueError):
    """An entry says something that the entries before it contradict."""


def fold(entries: Iterable[Committed], start: Names | None = None) -> Names:
    """The names after the entries, on top of `start` (which is left as it is).

    Raises:
        BrokenLog: the chain or a change does not follow from what came before.
    """
    folding = Folding(start)
    for committed in entries:
        folding.add(committed)
    return folding.names


class Folding:
    """A fold that goes on entry by entry.

    Attributes:
        names: after the entries so far; they change with the next one.
    """

    def __init__(self, start: Names | None = None) -> None:
        """Begin on top of `start`, which is left as it is."""
        self.names = copied(start or Names())
        self._own: set[str] = set()

    def add(self, committed: Committed) -> None:
        """Take in the next entry.

        Raises:
            BrokenLog: the chain or a change does not follow from what came before; the names are of no use.
        """
        _check(self.names, committed.entry)
        apply(self.names, committed.entry, self._own)
        self.names.head = committed.entry.number
        self.names.parent = committed.sha256
        self.names.committed_at = committed.entry.committed_at


def copied(source: Names) -> Names:
    """Names that may be changed by `apply` without a change to these."""
    effects = source.effects
    return Names(
        head=source.head,
        parent=source.parent,
        committed_at=source.committed_at,
        effects=effects.copied() if isinstance(effects, Stacks) else dict(effects),
        undone=list(source.undone),
        highest=dict(source.highest),
    )


def apply(names: Names, entry: Entry, own: set[str]) -> None:
    """Make copied names what they are after the entry.

    Args:
        names: from `copied`.
        entry: the next decision.
        own: the names whose lists belong to these names alone; the rest are copied first.

    Raises:
        BrokenLog: an undo or redo of what can't be undone or redone.
    """
    for change in entry.changes:
        if change.name not in own:
            names.effects[change.name] = list(names.effects.get(change.name, ()))
            own.add(change.name)
    _apply(names, entry)


def _check(names: Names, entry: Entry) -> None:
    if entry.number != names.head + 1:
        raise BrokenLog(f"decision {entry.number} follows decision {names.head}")
    if entry.parent != names.parent:
        raise BrokenLog(
            f"decision {entry.number} names {entry.parent} as its parent, which is {names.parent}"
        )
    if entry.committed_at < names.committed_at:
        raise BrokenLog(f"decision {entry.number} is dated before its parent")
    if not entry.changes or len({change.name for change in entry.changes}) != len(entry.changes):
        raise BrokenLog(f"decision {entry.number} moves no name, or one name twice")
    stale = stale_changes(names, entry.changes)
    if stale:
        raise BrokenLog(
            f"decision {entry.number} moves {stale[0].name} from {stale[0].old}, "
            f"which meant {names.value(stale[0].name)} then"
        )


def _apply(names: Names, entry: Entry) -> None:
    if entry.kind == "undo":
        _take_back(names, entry)
        return
    number = entry.number
    if entry.kind == "redo":
        number = _bring_back(names, entry)
    for change in entry.changes:
        names.effects[change.name].append(Effect(number, change.new, entry.number))
        _remember_number(names, change.name)


def _take_back(names: Names, entry: Entry) -> None:
    if entry.undoes is None:
        raise BrokenLog(f"decision {entry.number} is an undo of nothing")
    for change in entry.changes:
        stack = names.effects[change.name]
        if not stack or stack[-1].number != entry.undoes:
            raise BrokenLog(
                f"decision {entry.number} takes back decision {entry.undoes}, not the last on {change.name}"
            )
        stack.pop()
        if names.value(change.name) != change.new:
            raise BrokenLog(f"decision {entry.number} does not bring back what {change.name} meant before")
    names.undone.append(
        Undone(entry.undoes, {change.name: names.last_effect(change.name) for change in entry.changes})
    )


def _bring_back(names: Names, entry: Entry) -> int:
    for position in range(len(names.undone) - 1, -1, -1):
        undone = names.undone[position]
        if undone.number == entry.undoes:
            if {change.name for change in entry.changes} != set(undone.beneath) or moved_since(names, undone):
                break
            del names.undone[position]
            return undone.number
    raise BrokenLog(
        f"decision {entry.number} brings back decision {entry.undoes}, which cannot be brought back"
    )


def _remember_number(names: Names, name: str) -> None:
    family, _, tail = name.rpartition("/")
    if is_number(tail) and family.startswith(("datasets/", "models/")):
        names.highest[family] = max(names.highest.get(family, 0), int(tail))


def stale_changes(names: Names, changes: Iterable[Change]) -> list[Change]:
    """The changes whose `old` is no longer what the name means."""
    return [change for change in changes if names.value(change.name) != change.old]


def moved_since(names: Names, undone: Undone) -> list[str]:
    """Names that have moved since a decision was undone; a redo needs that there are none."""
    return [name for name, number in undone.beneath.items() if names.last_effect(name) != number]


def overlaid(names: Names, entry: Entry) -> list[str]:
    """Names on which the entry's effect is no longer the last one; an undo needs that there are none."""
    return [change.name for change in entry.changes if names.last_effect(change.name) != entry.number]


def inverse(names: Names, entry: Entry) -> tuple[Change, ...]:
    """The changes that take the entry's effect back; every name must still show it (`overlaid` is empty)."""
    changes = []
    for change in entry.changes:
        stack = names.effects[change.name]
        old = stack[-2].value if len(stack) > 1 else None
        changes.append(Change(name=change.name, old=change.new, new=old))
    return tuple(changes)


def dangling(names: Names, changes: Iterable[Change]) -> list[tuple[str, str]]:
    """Names that would mean something which the log no longer has: (name, what it needs).

    After the changes every stage of a model they touch must hold a version (or a refit) that stands, and
    every refit must belong to a version that stands. What was so before the changes is not their fault.
    """
    after = {change.name: change.new for change in changes}
    models = {name.split("/")[1] for name in after if name.startswith(("models/", "stages/"))}
    found = []
    for model in sorted(models):
        before = {**names.under(f"models/{model}/"), **names.under(f"stages/{model}/")}
        own = {name: value for name, value in after.items() if name.split("/")[1:2] == [model]}
        now = {name: value for name, value in {**before, **own}.items() if value is not None}
        was_so = {name for name, _need in _unfounded(model, before)}
        found += [(name, need) for name, need in _unfounded(model, now) if name in own or name not in was_so]
    return found


def _unfounded(model: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    standing = {value for name, value in values.items() if name.startswith(f"models/{model}/")}
    found = []
    for name, value in values.items():
        if name.startswith(f"stages/{model}/") and value not in standing:
            found.append((name, value))
        version = name.removesuffix("/refit")
        if version != name and version not in values:
            found.append((name, version))
    return found

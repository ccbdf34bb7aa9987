"""Decisions: numbered, hash-chained entries that move names, and their fold.

Everything here is pure: the log's bytes are handed in, the names of a moment come out.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.records import Record
from mlctl.domain.refs import REPOSITORY


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


class Effect(msgspec.Struct, frozen=True, array_like=True):
    """What one entry made of one name.

    Attributes:
        number: of the decision whose effect this is; a redo brings back the effect of the decision it names.
        value: what the name means while this effect is the last one.
        at: number of the entry that put it there: `number` itself, or that of the newest redo.
    """

    number: int
    value: str | None
    at: int


class Undone(msgspec.Struct, frozen=True, array_like=True):
    """A decision whose effect is taken back now.

    Attributes:
        number: of the decision.
        beneath: for each name it moved, the decision whose effect was the last one left; None for none. A
            redo is possible while these are still the last effects.
    """

    number: int
    beneath: dict[str, int | None]


_GROUPED = 2
"""Parts of a name that lead to a group, "models/demand"."""


class Names(msgspec.Struct, kw_only=True, dict=True):
    """The fold of the log: what every name means after entry `head`. Readers never change it.

    Attributes:
        head: the number of the last entry folded in; 0 for an empty log.
        parent: its digest.
        committed_at: of the last entry, the floor for the next one's clock.
        effects: for each name the effects that stand, oldest first; the last one is its value. An undo takes
            the undone entry's effect off, a redo puts it back.
        undone: decisions whose effect is taken back now, in the order in which they were undone.
        highest: for each `datasets/<n>` or `models/<n>` the highest number ever given; never used again.
    """

    head: int = 0
    parent: Digest | None = None
    committed_at: str = ""
    effects: dict[str, list[Effect]] = msgspec.field(default_factory=dict)
    undone: list[Undone] = msgspec.field(default_factory=list)
    highest: dict[str, int] = msgspec.field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """What the name means now, or None."""
        effects = self.effects.get(name)
        return effects[-1].value if effects else None

    def last_effect(self, name: str) -> int | None:
        """The number of the decision whose effect on the name stands last."""
        effects = self.effects.get(name)
        return effects[-1].number if effects else None

    def before(self, name: str, steps: int) -> str | None:
        """What the name meant `steps` different meanings ago (0: now) by effects that stand, or None."""
        seen: list[str] = []
        for effect in reversed(self.effects.get(name, [])):
            if effect.value is not None and (not seen or seen[-1] != effect.value):
                seen.append(effect.value)
            if len(seen) > steps:
                return seen[steps]
        return None

    def gave_up(self, stage: str, family: str, number: int) -> bool:
        """Whether a stage held this version before what it holds now: somebody moved it back on purpose."""
        earlier = self.effects.get(stage, [])[:-1]
        return any(e.value is not None and self.number_of(family, e.value) == number for e in earlier)

    def has_held(self, stage: str, family: str, number: int) -> bool:
        """Whether a stage holds a version or has held it, by effects that stand."""
        effects = self.effects.get(stage, [])
        return any(e.value is not None and self.number_of(family, e.value) == number for e in effects)

    def under(self, prefix: str) -> dict[str, str]:
        """Names that begin with the prefix and mean something now, in order, with their values."""
        found = {}
        for name in sorted(name for name in self._near(prefix) if name.startswith(prefix)):
            value = self.value(name)
            if value is not None:
                found[name] = value
        return found

    def _near(self, prefix: str) -> Collection[str]:
        """Names among which are all that begin with the prefix; those of one model are kept together.

        Names are added and never taken away, so their count tells whether they were grouped before the last.
        """
        parts = prefix.split("/")
        return self.effects if len(parts) <= _GROUPED else self._groups().get((parts[0], parts[1]), ())

    def _groups(self) -> dict[tuple[str, str], list[str]]:
        count, groups = self.__dict__.get("_grouped", (-1, {}))
        if count != len(self.effects):
            groups = {}
            for name in self.effects:
                first, _, rest = name.partition("/")
                groups.setdefault((first, rest.partition("/")[0]), []).append(name)
            self.__dict__["_grouped"] = (len(self.effects), groups)
        known: dict[tuple[str, str], list[str]] = groups
        return known

    def families(self, kind: str) -> list[str]:
        """The models or datasets ("models", "datasets") that have a living version, sorted."""
        return sorted(
            family
            for (first, family), names in self._groups().items()
            if first == kind and any(self.value(name) is not None for name in names)
        )

    def newest(self, family: str, limit: int) -> dict[int, str]:
        """The newest living versions, at most so many: number to digest, descending."""
        found: dict[int, str] = {}
        for number in range(self.highest.get(family, 0), 0, -1):
            if len(found) == limit:
                break
            value = self.value(f"{family}/{number}")
            if value is not None:
                found[number] = value
        return found

    def living(self, family: str) -> int:
        """How many living versions there are."""
        return sum(
            self.value(name) is not None and name.count("/") == _GROUPED for name in self._near(f"{family}/")
        )

    def numbers_of(self, kind: str, digests: Collection[str]) -> dict[str, int]:
        """The numbers by which these versions (or refits) go, in one pass.

        Args:
            kind: "datasets" or "models", or one of them: "models/demand".
            digests: of versions.
        """
        found: dict[str, int] = {}
        start = f"{kind}/" if digests else "none/of/all"
        for name in self._near(start):
            if name.startswith(start) and (value := self.value(name)) in digests and value is not None:
                number = name.split("/")[2]
                if is_number(number):
                    found.setdefault(value, int(number))
        return found

    def next_number(self, family: str) -> int:
        """The next number of `datasets/<name>` or `models/<name>`: one more than any ever given."""
        return self.highest.get(family, 0) + 1

    def versions(self, family: str) -> dict[int, str]:
        """The living versions of `datasets/<name>` or `models/<name>`: number to digest, ascending."""
        found: dict[int, str] = {}
        for name, value in self.under(f"{family}/").items():
            tail = name[len(family) + 1 :]
            if is_number(tail):
                found[int(tail)] = value
        return dict(sorted(found.items()))

    def number_of(self, family: str, digest: str) -> int | None:
        """The version number by which a digest (or a refit of that version) goes, or None."""
        for name, value in self.under(f"{family}/").items():
            head = name[len(family) + 1 :].split("/")[0]
            if value == digest and is_number(head):
                return int(head)
        return None

    def newest_standing(self) -> int | None:
        """The decision whose effect was put in place last and still stands: what `undo` takes back."""
        tops = (effects[-1] for effects in self.effects.values() if effects)
        newest = max(tops, key=lambda effect: effect.at, default=None)
        return None if newest is None else newest.number


def is_number(text: str) -> bool:
    """Whether the text is a version number as the log writes it: ASCII digits, no leading zero."""
    return text.isascii() and text.isdigit() and not text.startswith("0")


class BrokenLog(ValueError):
    """An entry says something that the entries before it contradict."""


def fold(entries: Iterable[Committed], start: Names | None = None) -> Names:
    """The names after the entries, on top of `start` (which is left as it is).

    Raises:
        BrokenLog: the chain or a change does not follow from what came before.
    """
    names = copied(start or Names())
    own: set[str] = set()
    for committed in entries:
        _check(names, committed.entry)
        apply(names, committed.entry, own)
        names.head = committed.entry.number
        names.parent = committed.sha256
        names.committed_at = committed.entry.committed_at
    return names


def copied(source: Names) -> Names:
    """Names that may be changed by `apply` without a change to these."""
    return Names(
        head=source.head,
        parent=source.parent,
        committed_at=source.committed_at,
        effects=dict(source.effects),
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

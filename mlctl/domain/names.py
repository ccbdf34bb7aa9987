"""Names: what the decisions that stand have made of them, and questions about them."""

from collections.abc import Collection, Iterator, MutableMapping

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.stacks import Effect, Stacks, is_number, is_version


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
    effects: MutableMapping[str, list[Effect]] = msgspec.field(default_factory=dict)
    undone: list[Undone] = msgspec.field(default_factory=list)
    highest: dict[str, int] = msgspec.field(default_factory=dict)

    def moved(self) -> int:
        """How many names are in memory: those that moved after the checkpoint on which this stands."""
        return len(self.effects.own if isinstance(self.effects, Stacks) else self.effects)

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
        values = {effect.value for effect in self.effects.get(stage, []) if effect.value is not None}
        return number in self.numbers_of(family, values).values()

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
        if isinstance(self.effects, Stacks):
            return self.effects.near(prefix)
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
        if isinstance(self.effects, Stacks):
            living = self.effects.living().items()
            groups = (group.partition("/") for group, count in living if count.names)
            return sorted(family for first, _, family in groups if first == kind)
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
        if isinstance(self.effects, Stacks):
            count = self.effects.living().get(family)
            return count.versions if count is not None else 0
        return sum(
            self.value(name) is not None and name.count("/") == _GROUPED for name in self._near(f"{family}/")
        )

    def numbers_of(self, kind: str, digests: Collection[str]) -> dict[str, int]:
        """The numbers by which these versions (or refits) go, in one pass; the lowest where there are more.

        Args:
            kind: "datasets" or "models", or one of them: "models/demand".
            digests: of versions.
        """
        found: dict[str, int] = {}
        for value, name in self._meaning(f"{kind}/", digests):
            number = int(name.split("/")[2])
            found[value] = min(number, found.get(value, number))
        return found

    def names_of(self, digests: Collection[str]) -> dict[str, str]:
        """The names of the versions or refits that these are; of more than one that of the lowest number."""
        found: dict[str, tuple[int, str]] = {}
        for value, name in self._meaning("", digests):
            numbered = int(name.split("/")[2]), name
            found[value] = min(numbered, found.get(value, numbered))
        return {value: name for value, (_, name) in found.items()}

    def _meaning(self, start: str, digests: Collection[str]) -> Iterator[tuple[str, str]]:
        """Each of these digests with the names of versions, beginning so, that mean it."""
        if isinstance(self.effects, Stacks):
            found = ((value, name) for value in digests for name in self.effects.holding(value))
        else:
            near = self._near(start) if digests else ()
            found = ((value, name) for name in near if (value := self.value(name)) in digests and value)
        return ((value, name) for value, name in found if name.startswith(start) and is_version(name))

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
        return self.numbers_of(family, {digest}).get(digest)

    def newest_standing(self) -> int | None:
        """The decision whose effect was put in place last and still stands: what `undo` takes back."""
        if isinstance(self.effects, Stacks):
            last = self.effects.newest()
            return None if last is None else last.number
        tops = (effects[-1] for effects in self.effects.values() if effects)
        newest = max(tops, key=lambda effect: effect.at, default=None)
        return None if newest is None else newest.number

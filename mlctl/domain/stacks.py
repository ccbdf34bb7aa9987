"""Stacks of effects, a stack a name: what has moved lately, on top of a ground that is read piece by piece.

A fold of a long log need not be in memory whole: a question reads from the ground what it asks for.
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from typing import Protocol

import msgspec


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


class Living(msgspec.Struct, frozen=True, array_like=True):
    """How many names of a group mean something, and how many of them are versions ("models/demand/7")."""

    names: int
    versions: int


class Ground(Protocol):
    """A fold that never changes. Its lists are its own: nobody alters them."""

    def stack(self, name: str) -> list[Effect] | None:
        """The effects on a name, oldest first; None for a name that it does not know."""

    def under(self, prefix: str) -> list[str]:
        """The names that begin with the prefix, as far as that reaches to its second slash."""

    def living(self) -> Mapping[str, Living]:
        """Of each group ("models/demand") how many of its names mean something."""

    def holding(self, value: str) -> list[str]:
        """The names of versions, and of their refits, that mean this."""

    def newest(self, above: int, without: Collection[str]) -> Effect | None:
        """The last effect that was put in place latest, after entry `above`, on none of these names."""


class Stacks(MutableMapping[str, list[Effect]]):
    """The stacks of a ground and, on top, those of names that have moved since."""

    def __init__(self, ground: Ground, own: Mapping[str, list[Effect]] | None = None) -> None:
        """Stand on a ground.

        Args:
            ground: of the names that have not moved.
            own: stacks of those that have.
        """
        self.ground = ground
        self.own = dict(own or {})

    def copied(self) -> "Stacks":
        """Stacks that may be changed without a change to these; the lists are the same."""
        return Stacks(self.ground, self.own)

    def __getitem__(self, name: str) -> list[Effect]:
        found = self.own.get(name)
        found = self.ground.stack(name) if found is None else found
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, stack: list[Effect]) -> None:
        self.own[name] = stack

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name}: names are added and never taken away")

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self.ground.under("") if name not in self.own)
        yield from self.own

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def near(self, prefix: str) -> list[str]:
        """Names among which are all that begin with the prefix."""
        return [name for name in self.ground.under(prefix) if name not in self.own] + list(self.own)

    def holding(self, value: str) -> list[str]:
        """The names of versions, and of their refits, that mean this now."""
        found = [name for name in self.ground.holding(value) if name not in self.own]
        return found + [
            name
            for name, stack in self.own.items()
            if stack and stack[-1].value == value and is_version(name)
        ]

    def living(self) -> dict[str, Living]:
        """Of each group how many of its names mean something."""
        found = dict(self.ground.living())
        for name, stack in self.own.items():
            group, more = group_of(name), is_living(stack) - is_living(self.ground.stack(name) or [])
            before = found.get(group, Living(0, 0))
            versions = before.versions + (more if name.count("/") == len(_GROUP) else 0)
            found[group] = Living(before.names + more, versions)
        return found

    def newest(self) -> Effect | None:
        """The last effect on any name that was put in place latest."""
        tops = (stack[-1] for stack in self.own.values() if stack)
        best = max(tops, key=lambda effect: effect.at, default=None)
        return self.ground.newest(best.at if best is not None else 0, self.own) or best


_GROUP = ("kind", "family")


def group_of(name: str) -> str:
    """The part of a name up to its second slash: "models/demand"."""
    return "/".join(name.split("/", len(_GROUP))[: len(_GROUP)])


def is_living(stack: list[Effect]) -> bool:
    """Whether a name with this stack means something."""
    return bool(stack) and stack[-1].value is not None


def is_number(text: str) -> bool:
    """Whether the text is a version number as the log writes it: ASCII digits, no leading zero."""
    return text.isascii() and text.isdigit() and not text.startswith("0")


def is_version(name: str) -> bool:
    """Whether a name is that of a version, or begins with it, as a refit's does."""
    parts = name.split("/", len(_GROUP) + 1)
    return parts[0] in {"models", "datasets"} and len(parts) > len(_GROUP) and is_number(parts[len(_GROUP)])

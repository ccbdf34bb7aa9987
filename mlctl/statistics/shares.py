"""A difference attributed to what makes it, from the values of subsets.

The shares are those of Shapley ("A value for n-person games", 1953). With all subsets they are exact and add
up to the whole. Without, each is the mean of what it does first (alone) and last (all others being there):
exact where no more than two interact, and near it elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

EXACT = 4
"""Up to so many things, all subsets are asked for."""

Subset = frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Of one thing, each None where it is not known: on its own, after all others, and on the average."""

    first: float | None
    last: float | None
    share: float | None


def wanted(count: int, fits: int) -> Iterator[Subset]:
    """Subsets whose value is asked for, the most telling first: singles, all but one, then the rest.

    The empty subset and the whole are known beforehand.
    """
    whole = frozenset(range(count))
    singles = [frozenset({one}) for one in range(count)]
    asked = [*singles, *(whole - one for one in singles)]
    if count <= EXACT and 2**count - 2 <= fits:
        for size in range(2, count - 1):
            asked += [frozenset(some) for some in combinations(range(count), size)]
    yield from (one for one in dict.fromkeys(asked) if one and one != whole)


def effects(count: int, values: Mapping[Subset, float]) -> tuple[list[Effect], bool]:
    """Of each thing; and whether the shares are exact.

    Args:
        count: how many things there are.
        values: of the subsets that are known, the empty one and the whole among them.
    """
    whole = frozenset(range(count))
    exact = len(values) == 2**count
    found = []
    for one in range(count):
        first = _step(values, frozenset(), one)
        last = _step(values, whole - {one}, one)
        known = [step for step in (first, last) if step is not None]
        share = _shapley(count, values, one) if exact else sum(known) / len(known) if known else None
        found.append(Effect(first=first, last=last, share=share))
    return found, exact


def _step(values: Mapping[Subset, float], before: Subset, one: int) -> float | None:
    low, high = values.get(before), values.get(before | {one})
    return None if low is None or high is None else high - low


def _shapley(count: int, values: Mapping[Subset, float], one: int) -> float:
    others = [other for other in range(count) if other != one]
    total = 0.0
    for size in range(count):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for some in combinations(others, size):
            before = frozenset(some)
            total += weight * (values[before | {one}] - values[before])
    return total

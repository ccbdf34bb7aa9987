"""The known name that a mistyped one most likely meant."""

from collections.abc import Iterable

_PREFIX = 3


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is fewest slips away, case ignored; None where nothing is close.

    Close is: at most one letter in three is wrong, or the name is the beginning of the known one.
    """
    folded = name.casefold()
    limit = max(1, len(name) // 3)
    close = []
    for candidate in known:
        other = candidate.casefold()
        begins = len(folded) >= _PREFIX and other.startswith(folded)
        distance = 1 if begins else slips(folded, other)
        if candidate and distance <= limit:
            close.append((distance, candidate))
    return min(close)[1] if close else None


def slips(a: str, b: str) -> int:
    """Letters put in, left out, changed or swapped with their neighbour to turn one text into the other.

    Optimal string alignment distance (Damerau 1964, restricted to one edit a place).
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]

"""The order in which facts are stored: what others name comes first."""

from collections.abc import Iterator


def bottom_up(
    names: dict[tuple[str, str], tuple[tuple[str, str], ...]],
) -> Iterator[tuple[str, str]]:
    """Every key of a graph without circles, each after all that it names."""
    done: set[tuple[str, str]] = set()
    for root in names:
        stack = [(root, False)]
        while stack:
            one, seen = stack.pop()
            if one in done:
                continue
            if seen:
                done.add(one)
                yield one
                continue
            stack.append((one, True))
            stack += [(name, False) for name in names[one] if name not in done]

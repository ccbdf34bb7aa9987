"""Many looks at once: Holm's step-down (Scandinavian Journal of Statistics 6, 1979).

Of m hypotheses the one with the smallest p is tested at a/m, the next at a/(m - 1), and so on until the first
that stands; then all the others stand as well. The chance that any true hypothesis is rejected is at most a,
however the tests depend on each other.
"""

from collections.abc import Mapping


def levels(found: Mapping[str, float], error: float) -> dict[str, float]:
    """The level at which each hypothesis is tested; it is rejected where its p is below.

    Args:
        found: p by hypothesis.
        error: of the family, a.
    """
    tested: dict[str, float] = {}
    level = 0.0
    stopped = False
    for step, name in enumerate(sorted(found, key=lambda one: (found[one], one))):
        if not stopped:
            level = error / (len(found) - step)
        tested[name] = (
            level  # the rest of them have a larger p, and stand at the level of the first that does
        )
        stopped = stopped or found[name] >= level
    return tested

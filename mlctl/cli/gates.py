"""What gates and verdicts say, as lines: each refusal alone, those not judged for one reason together."""

from collections.abc import Iterable

from mlctl.domain.evaluation import IncumbentResult

Said = tuple[str, str | None, str]
"""Gate, slice (None: all rows), and why."""

_NAMED = 3


def refused(reasons: Iterable[Said]) -> list[str]:
    """A line a refusal: `mae.max (night): mae 91 is above 80`."""
    return [f"{gate}{f' ({part})' if part else ''}: {why}" for gate, part, why in reasons]


def holding(held: Iterable[Said]) -> list[str]:
    """A line each: `after holds: demand@7 has held staging`."""
    return [f"{gate} holds: {why}" for gate, _part, why in held]


def not_judged(skipped: Iterable[Said]) -> list[str]:
    """A line a reason: `not judged: mae.not_worse, r2.not_worse (9 slices): the stage holds nothing yet`."""
    reasons: dict[str, dict[str, list[str | None]]] = {}
    for gate, part, why in skipped:
        reasons.setdefault(why, {}).setdefault(gate, []).append(part)
    return [
        f"not judged: {', '.join(_gate(gate, parts) for gate, parts in gates.items())}: {why}"
        for why, gates in reasons.items()
    ]


def word(incumbent: IncumbentResult) -> str:
    """`cannot tell (about 4,200 more rows would)`."""
    word = incumbent.verdict.replace("_", " ")
    if incumbent.more_seeds is not None:
        return f"{word} (about {incumbent.more_seeds} more seeds of each would)"
    if incumbent.more_rows is not None:
        return f"{word} (about {incumbent.more_rows:,} more rows would)"
    return word


def _gate(gate: str, parts: list[str | None]) -> str:
    slices = [part for part in parts if part is not None]
    if not slices:
        return gate
    named = [*(["all rows"] if None in parts else []), *slices]
    if len(named) > _NAMED:
        named = [*named[: len(named) - len(slices)], f"{len(slices)} slices"]
    return f"{gate} ({', '.join(named)})"

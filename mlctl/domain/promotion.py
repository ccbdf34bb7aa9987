"""What a stage has held: promotions go forward, rollbacks walk back, and neither is forgotten."""

from collections.abc import Iterable


def standing(effects: Iterable[tuple[str | None, bool]]) -> list[str]:
    """The values that a stage could be rolled back through, oldest first; the last one is what it holds.

    Args:
        effects: what each entry made of the stage and whether it was a rollback, oldest first; undone ones
            left out.

    A rollback takes the last value away, so that two of them walk back two and none toggles. Taking a stage's
    value away (None) starts anew. The same value twice running counts once.
    """
    held: list[str] = []
    for value, is_rollback in effects:
        if value is None:
            held.clear()
        elif is_rollback and value in held:
            del held[len(held) - held[::-1].index(value) :]
        elif not held or held[-1] != value:
            held.append(value)
    return held

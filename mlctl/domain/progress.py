"""Events that a verb may report while it works; the terminal draws them, programs ignore them."""

from collections.abc import Callable

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One step of progress.

    Attributes:
        step: what is being done, stable over the events of one step ("hash data/hour.csv").
        done: units finished so far; equal to `total` in the last event of a step.
        total: units in all, or None where it is not known.
        unit: "rows", "files", "bytes", "fits"; "" where the step has no units.
    """

    step: str
    done: int = 0
    total: int | None = None
    unit: str = ""


Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """A Report that ignores everything."""
    del event

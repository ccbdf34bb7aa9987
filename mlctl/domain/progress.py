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
        point: the newest values of what the program measures, by series, and their "step"; None of others.
        text: a line that the user's program has printed, to be shown as it is; None of all other events.
        bytes, total_bytes: the size of what is done, and of all, of files; None where nobody knows.
    """

    step: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    bytes: int | None = None
    total_bytes: int | None = None
    text: str | None = None
    point: dict[str, float | str] | None = None


Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """A Report that ignores everything."""
    del event

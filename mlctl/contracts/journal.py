"""Where a server writes what it answered."""

from typing import Protocol

from mlctl.domain.prediction import Answered


class Journal(Protocol):
    """An append-only log of answers.

    Guaranteed by the modes: "durable": `append` returns after write(2) (survives kill -9) and the bytes are
    flushed to the disk within 100 ms; "sync": flushed before it returns; "async": queued, bounded, `dropped`
    counts what did not fit. Appends from several threads do not mix. An append that raises wrote nothing that
    a reader sees.
    """

    dropped: int

    def append(self, answered: Answered) -> None:
        """Record one request's rows."""

    def close(self) -> None:
        """Flush and end the log; further appends are errors. Safe to call twice."""

"""What an evaluation says of a model besides its metrics: size, speed, old requests, the data's checks."""

from mlctl.domain.ids import Digest
from mlctl.domain.records import Record


class InUse(Record, frozen=True, kw_only=True):
    """A model as whoever serves it meets it, on the machine that evaluated it.

    Attributes:
        bytes: of its files.
        latency_ms: median time of one row through the predictor, warmed up; None where it failed.
        runs: of which it is the median.
        why: why it failed.
        memory: bytes by which the peak of the evaluating process's resident memory rose while the model was
            loaded and asked for all test rows at once. The model's libraries were loaded before and do not
            count; the matrix of the rows does. None: nobody has measured it, or the system does not tell.
        rows: that it was asked for then.
    """

    bytes: int
    latency_ms: float | None
    runs: int = 0
    why: str = ""
    memory: int | None = None
    rows: int = 0

    @property
    def told(self) -> str:
        """`1.24 MB, 0.83 ms a row, 12.3 MB of memory for 1,729 rows`."""
        speed = f"{self.latency_ms:.3g} ms a row" if self.latency_ms is not None else "not timed"
        needed = (
            "" if self.memory is None else f", {self.memory / 1e6:.3g} MB of memory for {self.rows:,} rows"
        )
        return f"{self.bytes / 1e6:.3g} MB, {speed}{needed}"


class Replay(Record, frozen=True, kw_only=True):
    """Requests of the incumbent, put to the candidate.

    Attributes:
        digest: of the incumbent's artefact that the requests are of.
        rows: its example and rows that it is watched by, as far as the candidate has answered them.
        column, why: of the first that it did not answer; why is "" where it answered all.
    """

    digest: Digest
    rows: int
    column: str | None = None
    why: str = ""


class DataChecked(Record, frozen=True, kw_only=True):
    """The declared checks on the data that a model was trained on.

    Attributes:
        data: whose.
        checks: how many there are.
        failed: each that does not hold, with why.
    """

    data: str
    checks: int
    failed: tuple[str, ...] = ()

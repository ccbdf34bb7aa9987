"""Predictions and labels: what was answered, and what turned out to be true."""

from typing import Any, ClassVar

from mlctl.domain.ids import Digest
from mlctl.domain.records import Fact, Record

META = "mlctl."
"""Prefix of the columns that mlctl adds to a table of predictions, so that no input column clashes."""

ID = "mlctl.id"
TIME = "mlctl.time"
DIGEST = "mlctl.digest"
STAGE = "mlctl.stage"
OUTPUT = "mlctl.output"
PROBABILITIES = "mlctl.probabilities"
LATENCY = "mlctl.latency_ms"
WEIGHT = "mlctl.weight"
INCUMBENT = "mlctl.incumbent"
INCUMBENT_PROBABILITIES = "mlctl.incumbent.probabilities"
"""Of an evaluation's rows; null where the incumbent, or the candidate, has learnt from the row."""


class Answered(Record, frozen=True, kw_only=True):
    """One request's rows as the log keeps them, column by column.

    Attributes:
        time: RFC 3339 UTC of the answer.
        digest: of the ModelVersion that answered.
        ids: one prediction id (ULID) a row.
        columns: the inputs as served, features and context, one list a column.
        outputs: numbers or class labels.
        probabilities: one list a row in the order of the signature's classes, or None.
        latency_ms: from the parsed request to the computed answer.
    """

    time: str
    model: str
    stage: str | None
    digest: Digest
    ids: tuple[str, ...]
    columns: dict[str, list[Any]]
    outputs: tuple[float | int | str, ...]
    probabilities: tuple[tuple[float, ...], ...] | None = None
    latency_ms: float = 0.0


class PredictionBatch(Fact, frozen=True, kw_only=True):
    """A sealed piece of a prediction log.

    Attributes:
        segment: id of the live segment that it was sealed from; one named by a batch is never read again.
        table: object (Parquet): inputs under their own names, mlctl's columns under `META`.
        first_id, last_id: smallest and largest prediction id.
        first_time, last_time: RFC 3339 of the answers.
    """

    kind: ClassVar[str] = "predictions"

    model: str
    segment: str
    table: Digest
    rows: int
    first_id: str
    last_id: str
    first_time: str
    last_time: str


class LabelBatch(Fact, frozen=True, kw_only=True):
    """Truth that came later; it counts once a decision has added it.

    Attributes:
        table: object (Parquet) with the `by` columns and the target.
        by: ("mlctl.id",) or the key columns.
        source: sha256 of the file it came from.
    """

    kind: ClassVar[str] = "labels"

    model: str
    table: Digest
    rows: int
    by: tuple[str, ...]
    target: str
    source: Digest

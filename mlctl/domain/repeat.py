"""Repeats: fits of a version's recipe that differ from it in nothing but the seed."""

from typing import ClassVar

from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.records import Fact


class Repeat(Fact, frozen=True, kw_only=True):
    """One more fit of a recipe; the model itself is not kept, its answers are.

    Attributes:
        version: the version whose recipe was repeated.
        run: that made the version.
        seed: of this fit; the rows on either side are those of the version.
        metrics: on the version's test rows.
        answers: object (Parquet): output and probabilities a test row, in their order.
        test: digest of the test rows (as `Evaluation.test`).
    """

    kind: ClassVar[str] = "repeats"

    model: str
    version: Digest
    run: Ulid
    seed: int
    seconds: float
    metrics: dict[str, float | None]
    answers: Digest
    test: Digest

"""`mlctl score`."""

from typing import Literal

import msgspec

from mlctl.domain.score import SOURCE, Proof, Section


class ScoreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Of which model.

    Attributes:
        model: its name; the only one if None.
        check: refuse (exit 40) where the score is below `least`.
        least: the least that `check` takes.
    """

    model: str | None = None
    check: bool = False
    least: float = 1.0


class ScoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """One of the 28 items.

    Attributes:
        points: 0, 0.5 (by hand and documented) or 1 (automated and repeated).
        how: "shown" by the record, "answered" by somebody, or "open".
        why: what brings the points, or what is missing.
        proofs: what it was computed from.
        next: a command on the way to more; "" where there is nothing more.
    """

    item: str
    section: Section
    title: str
    points: float
    how: Literal["shown", "answered", "open"]
    why: str
    proofs: tuple[Proof, ...] = ()
    next: str = ""


class ScoreResult(msgspec.Struct, frozen=True, kw_only=True):
    """The score and all that it is made of.

    Attributes:
        model: None where the project declares none.
        version: the one that was looked at: what the stage holds, or the newest.
        stage: that holds it, or None.
        score: the least of the four sections.
        reading: what the score says, after the paper.
        bands: every reading with its range.
        open: items without a point.
    """

    model: str | None
    version: int | None
    stage: str | None
    score: float
    reading: str
    sections: dict[str, float]
    open: int
    items: tuple[ScoredItem, ...]
    bands: tuple[str, ...]
    source: str = SOURCE

"""Tests of behaviour in the spec: `[[model.NAME.eval.tests]]`."""

from collections.abc import Iterator
from typing import Literal

import msgspec


class BehaviourSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[model.NAME.eval.tests]]`: what must hold of a model's answers, whatever its metrics say.

    Attributes:
        name: of the test, in answers and refusals.
        kind: "invariance": answers stay when `column` is changed; "direction": they do not fall when it is
            raised; "minimum": rows are answered as they must be.
        where: which rows, an expression; all if None.
        column: a feature.
        to: of an invariance the value that it is changed to; that of another row if None.
        by: of a direction how much it is raised; negative to lower it.
        tolerance: change of an answer that is let pass: of the number, or of a class's probability.
        answer: of a minimum the class that must be answered.
        min, max: of a minimum, of a regression: bounds of the answer.
        failing: share of the rows that may fail.
        required: promotion is refused where it fails.
    """

    name: str
    kind: Literal["invariance", "direction", "minimum"]
    where: str | None = None
    column: str | None = None
    to: str | float | None = None
    by: float = 1.0
    tolerance: float = 0.0
    answer: str | None = None
    min: float | None = None
    max: float | None = None
    failing: float = 0.0
    required: bool = False


def complaints(test: BehaviourSpec) -> Iterator[tuple[str, str]]:
    """What makes no sense in a test: key and why."""
    if test.kind == "minimum":
        if test.answer is None and test.min is None and test.max is None:
            yield "kind", f"test {test.name!r} needs answer, min or max"
    elif test.column is None:
        yield "kind", f"test {test.name!r} needs the column that is changed"
    if test.kind == "direction" and not test.by:
        yield "by", f"test {test.name!r} raises {test.column} by nothing"
    if test.tolerance < 0:
        yield "tolerance", "tolerance cannot be negative"
    if not 0 <= test.failing < 1:
        yield "failing", f"failing {test.failing} must be at least 0 and less than 1"

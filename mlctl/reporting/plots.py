"""Which plots tell what about a model's answers, by its task."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from mlctl.reporting.class_plots import calibration_of_answers, confusion_matrix, two_classes
from mlctl.reporting.figure import Figure
from mlctl.reporting.number_plots import of_numbers
from mlctl.reporting.quantile_plots import of_a_quantile
from mlctl.reporting.time_plots import Series, over_time
from mlctl.statistics.metrics import Answers

Array = np.ndarray[Any, Any]
Units = tuple[Array, int]

_BINARY = 2


class RivalKept(msgspec.Struct, frozen=True, kw_only=True):
    """Another model's answers to some of the rows.

    Attributes:
        label: `demand@1`.
        answers: to these rows alone.
        rows: which these are, shape (rows,) bool.
    """

    label: str
    answers: Answers
    rows: Any


def plots(
    answers: Answers,
    moments: Array | None,
    units: Units,
    classes: tuple[str, ...],
    target: str,
    rival: RivalKept | None = None,
) -> Iterator[Figure]:
    """The plots that fit the task.

    Args:
        answers: of the model, to the rows of an evaluation.
        moments: their event times, or None.
        units: the unit of each row, and how many there are: what intervals draw.
        classes: labels; () for a regression.
        target: the column that was predicted.
        rival: a second model, whose curves are drawn beside.
    """
    other = None if rival is None else rival.answers
    if not len(answers.truth):
        return
    if answers.terms.quantile is not None:
        yield from of_a_quantile(answers, units, target, other)
    elif not classes:
        yield from of_numbers(answers, units, target, other)
    else:
        if len(classes) == _BINARY and answers.probabilities is not None:
            yield from two_classes(answers, units, classes, other)
        elif answers.probabilities is not None:
            yield calibration_of_answers(answers, units, other)
        yield confusion_matrix(answers, classes)
    if moments is not None:
        name, title = "error", "Residuals over time"
        if classes:
            name, title = "share of wrong answers", "Errors over time"
        elif answers.terms.quantile is not None:
            name, title = f"coverage - {answers.terms.quantile:g}", "Coverage over time"
        own = Series(value=_error(answers, classes), moments=moments, weights=answers.weights)
        beside = None
        if rival is not None:
            other_error = _error(rival.answers, classes)
            beside = Series(value=other_error, moments=moments[rival.rows], weights=rival.answers.weights)
        yield from over_time(own, name, title, beside)


def _error(answers: Answers, classes: tuple[str, ...]) -> Array:
    """Of each row: 1 where a class is wrong, prediction minus truth of a number, what a quantile covers."""
    if answers.terms.quantile is not None:
        covered: Array = (answers.truth <= answers.output) - answers.terms.quantile
        return covered
    if classes:
        wrong: Array = (answers.output != answers.truth).astype(np.float64)
        return wrong
    error: Array = answers.output - answers.truth
    return error

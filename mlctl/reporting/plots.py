"""Which plots tell what about a model's answers, by its task."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlctl.reporting.class_plots import calibration_of_answers, confusion_matrix, two_classes
from mlctl.reporting.figure import Figure
from mlctl.reporting.number_plots import of_numbers
from mlctl.reporting.time_plots import over_time
from mlctl.statistics.metrics import Answers

Array = np.ndarray[Any, Any]
Units = tuple[Array, int]

_BINARY = 2


def plots(
    answers: Answers, moments: Array | None, units: Units, classes: tuple[str, ...], target: str
) -> Iterator[Figure]:
    """The plots that fit the task.

    Args:
        answers: of the model, to the rows of an evaluation.
        moments: their event times, or None.
        units: the unit of each row, and how many there are: what intervals draw.
        classes: labels; () for a regression.
        target: the column that was predicted.
    """
    if not len(answers.truth):
        return
    if not classes:
        yield from of_numbers(answers, units, target)
    else:
        if len(classes) == _BINARY and answers.probabilities is not None:
            yield from two_classes(answers, units, classes)
        elif answers.probabilities is not None:
            yield calibration_of_answers(answers, units)
        yield confusion_matrix(answers, classes)
    if moments is not None:
        wrong = (answers.output != answers.truth).astype(np.float64)
        value, name = (
            (wrong, "share of wrong answers") if classes else (answers.output - answers.truth, "error")
        )
        title = "Errors over time" if classes else "Residuals over time"
        yield from over_time(value, moments, name, title, answers.weights)

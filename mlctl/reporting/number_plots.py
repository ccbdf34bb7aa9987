"""Plots of a regression's answers: against the truth, and what is left over."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mlctl.domain.digits import digits
from mlctl.reporting.charts import Axes, cloud, columns, line, shaded, spanning, whiskers
from mlctl.reporting.figure import Figure, figure
from mlctl.statistics.curves import Band, band, equal_mass, means
from mlctl.statistics.metrics import Answers
from mlctl.statistics.quantile import quantile

Array = np.ndarray[Any, Any]
Units = tuple[Array, int]

_GROUPS = 10
_CUT = 0.001


def of_numbers(answers: Answers, units: Units, target: str, rival: Answers | None) -> Iterator[Figure]:
    """Predicted against true, residuals against prediction, residuals, size of the error."""
    output, residual, weights = answers.output, answers.output - answers.truth, answers.weights
    groups = equal_mass(output, _GROUPS)
    predicted = f"predicted {target}"
    both = spanning(answers.truth, output, share=_CUT)
    axes, ends = Axes(x=both, y=both), np.array(both)
    level = band(output, answers.truth, groups, units, weights)
    yield figure(
        "Predicted against true",
        "Orange: mean of the truth in ten groups of equally many predictions, with 95 % interval. "
        "It should follow the dashed line.",
        axes,
        [
            cloud(axes, output, answers.truth),
            line(axes, ends, ends, "ideal"),
            beside(axes, rival, lambda one: one.truth),
            _haloed(axes, level),
        ],
        (predicted, f"true {target}"),
    )
    axes = Axes(x=spanning(output, share=_CUT), y=spanning(residual, zero=True, share=_CUT))
    middle = band(output, residual, groups, units, weights)
    flat = line(axes, np.array(axes.x), np.zeros(2), "ideal")
    yield figure(
        "Residuals against prediction",
        "Prediction minus truth; orange: its mean with 95 % interval. A slope is something not learnt.",
        axes,
        [
            cloud(axes, output, residual),
            flat,
            beside(axes, rival, lambda one: one.output - one.truth),
            _haloed(axes, middle),
        ],
        (predicted, "prediction - truth"),
    )
    yield residual_histogram(answers, axes.y, rival)
    size = band(output, np.abs(residual), groups, units, weights)
    axes = Axes(x=spanning(size.x), y=spanning(size.mean, size.low, size.high, zero=True))
    yield figure(
        "Size of the error by prediction",
        "Mean absolute error in ten groups of equally many predictions, with 95 % intervals.",
        axes,
        [beside(axes, rival, lambda one: np.abs(one.output - one.truth)), whiskers(axes, size)],
        (predicted, "mean absolute error"),
    )


def beside(axes: Axes, rival: Answers | None, value: Callable[[Answers], Array]) -> str:
    """The same means of another model, without their intervals; "" for none."""
    if rival is None:
        return ""
    x, mean = means(rival.output, value(rival), equal_mass(rival.output, _GROUPS), rival.weights)
    return line(axes, x, mean, "rival")


def _haloed(axes: Axes, found: Band) -> str:
    return shaded(axes, found, "spread2") + line(axes, found.x, found.mean, "other")


def residual_histogram(answers: Answers, ends: tuple[float, float], rival: Answers | None) -> Figure:
    """How often prediction minus truth is how large."""
    residual, weights = answers.output - answers.truth, answers.weights
    counts, edges = np.histogram(residual, bins=41, range=ends, weights=weights)
    theirs = np.zeros(len(counts))
    if rival is not None:  # drawn as if it were on as many rows
        theirs = np.histogram(rival.output - rival.truth, bins=edges, weights=rival.weights)[0]
        theirs = theirs * counts.sum() / (theirs.sum() or 1.0)
    axes = Axes(x=ends, y=(0.0, max(float(counts.max()), float(theirs.max())) * 1.05 or 1.0))
    steps = line(axes, np.repeat(edges, 2)[1:-1], np.repeat(theirs, 2), "rival")
    half, most = (digits(quantile(np.abs(residual), share, weights)) for share in (0.5, 0.9))
    return figure(
        "Residuals",
        f"Half of all answers are off by less than {half}, nine in ten by less than {most}.",
        axes,
        [
            columns(axes, counts, edges),
            line(axes, np.zeros(2), np.array(axes.y), "ideal"),
            steps if rival is not None else "",
        ],
        ("prediction - truth", "rows" if weights is None else "weight"),
    )

"""Plots of answers that are a quantile: what they cover, what is left over, what it costs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlctl.reporting.charts import Axes, cloud, line, spanning, whiskers
from mlctl.reporting.figure import Figure, figure
from mlctl.reporting.number_plots import beside, residual_histogram
from mlctl.statistics.curves import band, equal_mass
from mlctl.statistics.metrics import Answers, pinball_loss

Array = np.ndarray[Any, Any]
Units = tuple[Array, int]

_GROUPS = 10
_CUT = 0.001


def of_a_quantile(
    answers: Answers, units: Units, target: str, rival: Answers | None = None
) -> Iterator[Figure]:
    """Coverage by prediction, predicted against true, residuals, pinball loss by prediction."""
    level = answers.terms.quantile or 0.0
    output, residual, weights = answers.output, answers.output - answers.truth, answers.weights
    groups = equal_mass(output, _GROUPS)
    predicted = f"predicted quantile {level:g} of {target}"
    covered = band(output, _covered(answers), groups, units, weights)
    axes = Axes(x=spanning(covered.x), y=spanning(covered.mean, covered.low, covered.high, np.array([level])))
    ideal = line(axes, np.array(axes.x), np.full(2, level), "ideal")
    yield figure(
        "Coverage by prediction",
        "Share of truths at or below the answer in ten groups of equally many rows, with 95 % intervals. "
        f"Dashed: {level:g}, as it should be in each.",
        axes,
        [ideal, beside(axes, rival, _covered), whiskers(axes, covered)],
        (predicted, "share of truths at or below"),
    )
    both = spanning(answers.truth, output, share=_CUT)
    axes, ends = Axes(x=both, y=both), np.array(both)
    yield figure(
        "Predicted against true",
        f"A share of {level:g} of all rows should lie at or below the dashed line, whatever is predicted.",
        axes,
        [cloud(axes, output, answers.truth), line(axes, ends, ends, "ideal")],
        (predicted, f"true {target}"),
    )
    yield residual_histogram(answers, spanning(residual, zero=True, share=_CUT), rival)
    size = band(output, _lost(answers), groups, units, weights)
    axes = Axes(x=spanning(size.x), y=spanning(size.mean, size.low, size.high, zero=True))
    yield figure(
        "Pinball loss by prediction",
        "Mean pinball loss in ten groups of equally many predictions, with 95 % intervals.",
        axes,
        [beside(axes, rival, _lost), whiskers(axes, size)],
        (predicted, "mean pinball loss"),
    )


def _covered(answers: Answers) -> Array:
    return np.asarray(answers.truth <= answers.output, dtype=np.float64)


def _lost(answers: Answers) -> Array:
    return pinball_loss(answers.output - answers.truth, answers.terms.quantile or 0.0)

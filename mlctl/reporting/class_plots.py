"""Plots of classes: calibration, ROC, precision and recall, what is taken for what."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlctl.domain.digits import digits
from mlctl.reporting.charts import WIDTH, Axes, line, whiskers
from mlctl.reporting.figure import Figure, figure
from mlctl.reporting.svg import drawing, element
from mlctl.statistics.curves import band, confusion, equal_mass, means, precision_recall, roc
from mlctl.statistics.metrics import Answers

Array = np.ndarray[Any, Any]
Units = tuple[Array, int]
Beside = tuple[Array, Array, Array | None]
"""Of another model: truth (1 or 0), score and weight of each row."""

_GROUPS = 10
_MOST_CLASSES = 20
_ONE_LINE, _TWO_LINES = 34, 60
"""Sides of a square that has room for a number, and for a share below it."""

_SQUARE, _ENDS = Axes(x=(0.0, 1.0), y=(0.0, 1.0)), np.array([0.0, 1.0])


def two_classes(
    answers: Answers, units: Units, classes: tuple[str, ...], rival: Answers | None = None
) -> Iterator[Figure]:
    """Calibration, probabilities, ROC, and precision and recall."""
    score, truth = answers.score(), (answers.truth == answers.positive).astype(np.float64)
    positive = classes[answers.positive]
    if np.isnan(score).any():
        return
    asked = f"answered probability of {positive}"
    beside, weights = _scored(rival), answers.weights
    yield _calibration(score, truth, units, (asked, f"share of {positive}"), weights, beside)
    yield _scores(score, truth, positive, weights)
    if not 0 < truth.sum() < len(truth):
        return
    yield figure(
        "ROC",
        f"Of the rows that are {positive}, the share found, against false alarms among the others. "
        "Dashed: chance.",
        _SQUARE,
        [
            line(_SQUARE, _ENDS, _ENDS, "ideal"),
            "" if beside is None else line(_SQUARE, *roc(*beside), "rival"),
            line(_SQUARE, *roc(truth, score, weights), "own"),
        ],
        ("false-positive rate", "true-positive rate"),
    )
    share = float(np.average(truth, weights=weights))
    chance = line(_SQUARE, _ENDS, np.full(2, share), "ideal")
    yield figure(
        "Precision and recall",
        f"Dashed: what calling every row {positive} would give, {digits(share)}.",
        _SQUARE,
        [
            chance,
            "" if beside is None else line(_SQUARE, *precision_recall(*beside), "rival"),
            line(_SQUARE, *precision_recall(truth, score, weights), "own"),
        ],
        ("recall", "precision"),
    )


def _scored(rival: Answers | None) -> Beside | None:
    """Truth, scores and weights of another model, where curves of it can be drawn."""
    if rival is None or rival.probabilities is None:
        return None
    truth = (rival.truth == rival.positive).astype(np.float64)
    return (truth, rival.score(), rival.weights) if 0 < truth.sum() < len(truth) else None


def calibration_of_answers(answers: Answers, units: Units, rival: Answers | None = None) -> Figure:
    """Of many classes: how often the answered class is right, by its probability."""
    beside: Beside | None = None
    if rival is not None and rival.probabilities is not None:
        given, right = _given(rival)
        beside = (right, given, rival.weights)
    names = ("probability of the answer", "share right")
    return _calibration(*_given(answers), units, names, answers.weights, beside)


def _given(answers: Answers) -> tuple[Array, Array]:
    """The probability of the answered class, and whether it is right."""
    chances: Array = np.asarray(answers.probabilities)
    given = chances[np.arange(len(chances)), answers.output.astype(np.int64)]
    return given, (answers.output == answers.truth).astype(np.float64)


def _calibration(
    score: Array,
    right: Array,
    units: Units,
    names: tuple[str, str],
    weights: Array | None,
    beside: Beside | None = None,
) -> Figure:
    found = band(score, right, equal_mass(score, _GROUPS), units, weights)
    gap = float(np.nansum(found.mass * np.abs(found.mean - found.x)) / found.mass.sum())
    ideal, own = line(_SQUARE, _ENDS, _ENDS, "ideal"), line(_SQUARE, found.x, found.mean, "own")
    return figure(
        "Calibration",
        "Ten groups of equally many rows with 95 % intervals; "
        f"off the dashed line by {digits(gap, count=2)} on average.",
        _SQUARE,
        [ideal, "" if beside is None else _means(*beside), own, whiskers(_SQUARE, found)],
        names,
    )


def _means(right: Array, score: Array, weights: Array | None) -> str:
    return line(_SQUARE, *means(score, right, equal_mass(score, _GROUPS), weights), "rival")


def _scores(score: Array, truth: Array, positive: str, weights: Array | None) -> Figure:
    edges, mass = np.linspace(0, 1, 26), np.ones(len(score)) if weights is None else weights
    both = [
        np.histogram(score[truth == which], bins=edges, weights=mass[truth == which])[0]
        for which in (0.0, 1.0)
    ]
    shares = [counts / (counts.sum() or 1.0) for counts in both]
    axes = Axes(x=(0.0, 1.0), y=(0.0, float(max(one.max() for one in shares)) * 1.05 or 1.0))
    steps = [
        line(axes, np.repeat(edges, 2)[1:-1], np.repeat(one, 2), kind)
        for one, kind in zip(shares, ("own", "other"), strict=True)
    ]
    return figure(
        "Answered probabilities",
        f"Orange: rows that are {positive}; blue: the others; each adds up to 1.",
        axes,
        steps,
        (f"answered probability of {positive}", "share of rows"),
    )


def confusion_matrix(answers: Answers, classes: tuple[str, ...]) -> Figure:
    """Rows and shares by true and answered class; of many classes the most frequent."""
    counts = confusion(answers.truth, answers.output, len(classes), answers.weights)
    often = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:_MOST_CLASSES])
    counts, names = counts[np.ix_(often, often)], [classes[at] for at in often]
    left, top, side = 96.0, 34.0, min(348 / len(names), 120.0)
    middle = {"text_anchor": "middle"}
    marks = []
    for i, name in enumerate(names):
        at, short = (i + 0.5) * side, name[: max(3, int(side / 7))]
        marks.append(
            element("text", text=name[:14], title=name, x=left - 8, y=top + at + 4, text_anchor="end")
        )
        marks.append(element("text", text=short, title=name, x=left + at, y=top - 8, **middle))
        for j, answered in enumerate(names):
            count, share = round(float(counts[i, j])), counts[i, j] / (counts[i].sum() or 1)
            told = f"{name} answered as {answered}: {count:,} ({share:.1%})"
            x, y, size = left + j * side, top + i * side, side - 1.5
            place = {"x": x, "y": y, "width": size, "height": size, "fill_opacity": 0.05 + 0.75 * share}
            marks.append(element("rect", "cell", title=told, **place))
            lines = (f"{count:,}", f"{share:.1%}") if side > _TWO_LINES else (f"{count:,}",)
            for number, text in enumerate(lines if side > _ONE_LINE else ()):
                down = y + side / 2 + 4 + 14 * (number - (len(lines) - 1) / 2)
                marks.append(element("text", "ink", text, x=x + side / 2, y=down, **middle))
    width, height = side * len(names), top + side * len(names) + 28
    marks.append(element("text", "name", "answered", x=left + width / 2, y=height - 8, **middle))
    svg = drawing(max(left + width + 12, WIDTH), height, "Confusion", *marks)
    rows = "" if answers.weights is None else " Numbers are what the rows weigh."
    return Figure(title="Confusion", text=f"A line a true class; shares are of its line.{rows}", svg=svg)

"""The simplest model: what one would answer without looking at the row."""

from collections.abc import Sequence

import numpy as np

from mlctl.domain.spec import ModelSpec
from mlctl.learning.rows import Array
from mlctl.statistics.metrics import Answers
from mlctl.statistics.quantile import quantile


def baseline_name(spec: ModelSpec, task: str) -> str:
    """The declared baseline, or "mean" for a regression and "prior" for classes."""
    return spec.baseline or ("mean" if task == "regression" else "prior")


def baseline_answers(
    name: str,
    learnt: Array,
    truth: Array,
    classes: Sequence[str],
    threshold: float | None = None,
    *,
    learnt_weights: Array | None = None,
    weights: Array | None = None,
) -> Answers:
    """The baseline's answers to rows.

    Args:
        name: "mean" or "median" of the targets learnt from; "majority" answers the most frequent class with
            certainty, "prior" the same class with the frequencies as probabilities.
        learnt: targets of the training rows.
        truth: of the rows to answer.
        classes: in order; () for a regression.
        threshold: share of the positive class from which "prior" answers it.
        learnt_weights: of the training rows; None for equal ones.
        weights: of the rows to answer.
    """
    rows = len(truth)
    if not classes:
        middle = quantile(learnt, 0.5, learnt_weights) if name == "median" else None
        number = float(np.average(learnt, weights=learnt_weights)) if middle is None else middle
        return Answers(truth=truth, output=np.full(rows, number), weights=weights)
    counts = np.bincount(learnt, learnt_weights, minlength=len(classes)).astype(np.float64)
    most = int(np.argmax(counts))
    shares = counts / counts.sum() if name == "prior" else np.eye(len(classes))[most]
    if name == "prior" and threshold is not None:
        most = int(shares[-1] >= threshold)
    return Answers(
        truth=truth,
        output=np.full(rows, most, dtype=np.int64),
        probabilities=np.tile(shares, (rows, 1)),
        classes=len(classes),
        positive=len(classes) - 1 if len(classes) == 2 else 1,  # noqa: PLR2004 (two classes: binary)
        weights=weights,
    )

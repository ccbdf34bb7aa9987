"""The simplest model: what one would answer without looking at the row."""

from collections.abc import Sequence

import numpy as np

from mlctl.domain.metric import Terms
from mlctl.domain.spec import ModelSpec
from mlctl.learning.rows import Array
from mlctl.statistics.metrics import Answers
from mlctl.statistics.quantile import quantile


def baseline_name(spec: ModelSpec, task: str) -> str:
    """The declared baseline, or "mean" for a regression, "quantile" for one, and "prior" for classes."""
    if spec.quantile is not None:
        return spec.baseline or "quantile"
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
    terms: Terms | None = None,
) -> Answers:
    """The baseline's answers to rows.

    Args:
        name: "mean", "median" or (empirical) "quantile" of the targets learnt from; "majority" answers the
            most frequent class with certainty, "prior" the same class with the frequencies as probabilities.
        learnt: targets of the training rows.
        truth: of the rows to answer.
        classes: in order; () for a regression.
        threshold: share of the positive class from which "prior" answers it.
        learnt_weights: of the training rows; None for equal ones.
        weights: of the rows to answer.
        terms: which quantile, and what metrics need to know.
    """
    rows, terms = len(truth), terms or Terms()
    if not classes:
        level = {"median": 0.5, "quantile": terms.quantile}.get(name)
        number = (
            float(np.average(learnt, weights=learnt_weights))
            if level is None
            else quantile(learnt, level, learnt_weights)
        )
        return Answers(truth=truth, output=np.full(rows, number), weights=weights, terms=terms)
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
        terms=terms,
    )

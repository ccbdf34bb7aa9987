"""Metrics as functions of weights on the rows, so that one pass serves the value and its bootstrap.

Most are functions of sums over rows (`row_statistics`, `finish`); those that need an order (`roc_auc`,
`pr_auc`, `medae`) weigh the sorted rows. Values equal scikit-learn's (1.9) for unit weights; undefined is
NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ORDERED = frozenset({"roc_auc", "pr_auc", "medae"})
_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model answered to rows whose truth is known.

    Attributes:
        truth: shape (rows,): float64 for a regression, class indices otherwise.
        output: shape (rows,), as truth.
        probabilities: shape (rows, classes), or None.
        classes: how many there are; 0 for a regression.
        positive: index of the positive class.
    """

    truth: Array
    output: Array
    probabilities: Array | None = None
    classes: int = 0
    positive: int = 1

    def score(self) -> Array:
        """The probability of the positive class; NaN where there are no probabilities."""
        if self.probabilities is None:
            return np.full(len(self.truth), np.nan)
        return np.asarray(self.probabilities[:, self.positive])


def value(metric: str, answers: Answers, mask: Array | None = None) -> float | None:
    """The metric on all rows, or on those of a mask; None where it is undefined."""
    rows = np.ones(len(answers.truth), dtype=bool) if mask is None else mask
    if metric in ORDERED:
        found = ordered(metric, answers, rows)(np.ones((1, len(rows))))[0]
    else:
        found = finish(metric, (row_statistics(metric, answers) * rows[:, None]).sum(axis=0))
    return float(found) if np.isfinite(found) else None


def row_statistics(metric: str, answers: Answers) -> Array:
    """The row statistics whose sums `finish` needs, shape (rows, k) float64."""
    return _ROWS[metric](answers)


def finish(metric: str, sums: Array) -> Array:
    """The metric from sums of its row statistics over the last axis' k; any leading shape."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_FINISH[metric](sums))


def ordered(metric: str, answers: Answers, mask: Array) -> Callable[[Array], Array]:
    """A function of weights (samples, rows) to values (samples,), for a metric of `ORDERED`."""
    rows = np.flatnonzero(mask)
    key = np.abs(answers.output - answers.truth) if metric == "medae" else answers.score()
    key = key[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    if len(rows) == 0 or np.isnan(key).any():
        return lambda weights: np.full(len(weights), np.nan)
    positive = (answers.truth[rows] == answers.positive).astype(np.float64)
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])

    def of(weights: Array) -> Array:
        size = max(1, _CELLS // len(rows))
        parts = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for start in range(0, len(weights), size):
                chosen = weights[start : start + size][:, rows]
                if metric == "medae":
                    parts.append(_weighted_median(key, chosen))
                else:
                    hits = np.add.reduceat(chosen * positive, starts, axis=1)
                    misses = np.add.reduceat(chosen, starts, axis=1) - hits
                    parts.append(
                        _roc_auc(hits, misses) if metric == "roc_auc" else _average_precision(hits, misses)
                    )
        return np.concatenate(parts)

    return of


def _roc_auc(hits: Array, misses: Array) -> Array:
    below = np.cumsum(misses, axis=1) - misses
    return np.asarray((hits * (below + misses / 2)).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1)))


def _average_precision(hits: Array, misses: Array) -> Array:
    found = np.cumsum(hits[:, ::-1], axis=1)
    called = found + np.cumsum(misses[:, ::-1], axis=1)
    precision = np.where(called > 0, found / np.where(called > 0, called, 1), 0.0)
    return np.asarray((hits[:, ::-1] * precision).sum(axis=1) / hits.sum(axis=1))


def _weighted_median(key: Array, weights: Array) -> Array:
    running = np.cumsum(weights, axis=1)
    half = running[:, -1:] / 2
    middle = (key[np.argmax(running >= half, axis=1)] + key[np.argmax(running > half, axis=1)]) / 2
    return np.where(running[:, -1] > 0, middle, np.nan)


def _columns(*columns: Array) -> Array:
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _error(answers: Answers) -> Array:
    return np.asarray(answers.output - answers.truth)


def _mean_of(function: Callable[[Answers], Array]) -> Callable[[Answers], Array]:
    return lambda answers: _columns(np.ones(len(answers.truth)), function(answers))


def _r2_rows(answers: Answers) -> Array:
    centred = answers.truth - (answers.truth.mean() if len(answers.truth) else 0.0)
    return _columns(np.ones(len(centred)), _error(answers) ** 2, centred, centred**2)


def _mape_rows(answers: Answers) -> Array:
    counted = answers.truth != 0
    size = np.where(counted, np.abs(answers.truth), 1.0)
    return _columns(counted, np.where(counted, np.abs(_error(answers)) / size, 0.0))


def _confusion_rows(answers: Answers) -> Array:
    """True positives, false positives, false negatives of the positive class."""
    truth, called = answers.truth == answers.positive, answers.output == answers.positive
    return _columns(truth & called, ~truth & called, truth & ~called)


def _per_class_rows(answers: Answers) -> Array:
    """For each class true positives, false positives, false negatives: k = 3 * classes."""
    columns: list[Array] = []
    for code in range(answers.classes):
        truth, called = answers.truth == code, answers.output == code
        columns += [truth & called, ~truth & called, truth & ~called]
    return _columns(*columns)


def _log_loss_row(answers: Answers) -> Array:
    if answers.probabilities is None:
        return np.full(len(answers.truth), np.nan)
    truth = answers.truth.astype(np.int64)
    given = answers.probabilities[np.arange(len(truth)), truth]
    given = np.where(truth < 0, 0.0, given)  # -1 is no class at all
    tiny = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(given, tiny, 1 - tiny)))


def _brier_row(answers: Answers) -> Array:
    return np.asarray((answers.score() - (answers.truth == answers.positive)) ** 2)


_ROWS: dict[str, Callable[[Answers], Array]] = {
    "mae": _mean_of(lambda answers: np.abs(_error(answers))),
    "rmse": _mean_of(lambda answers: _error(answers) ** 2),
    "bias": _mean_of(_error),
    "r2": _r2_rows,
    "mape": _mape_rows,
    "accuracy": _mean_of(lambda answers: np.asarray(answers.output == answers.truth)),
    "precision": _confusion_rows,
    "recall": _confusion_rows,
    "f1": _confusion_rows,
    "balanced_accuracy": _per_class_rows,
    "macro_f1": _per_class_rows,
    "log_loss": _mean_of(_log_loss_row),
    "brier": _mean_of(_brier_row),
}


def _mean(sums: Array) -> Array:
    return np.asarray(sums[..., 1] / sums[..., 0])


def _r2(sums: Array) -> Array:
    spread = sums[..., 3] - sums[..., 2] ** 2 / sums[..., 0]
    return np.where(spread > 0, 1 - sums[..., 1] / np.where(spread > 0, spread, 1), np.nan)


def _precision(sums: Array) -> Array:
    return np.asarray(sums[..., 0] / (sums[..., 0] + sums[..., 1]))


def _recall(sums: Array) -> Array:
    return np.asarray(sums[..., 0] / (sums[..., 0] + sums[..., 2]))


def _f1(sums: Array) -> Array:
    return np.asarray(2 * sums[..., 0] / (2 * sums[..., 0] + sums[..., 1] + sums[..., 2]))


def _over_classes(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The mean over the classes for which the function is defined."""

    def mean(sums: Array) -> Array:
        each = function(sums.reshape(*sums.shape[:-1], -1, 3))
        defined = np.isfinite(each)
        return np.asarray(np.where(defined, each, 0.0).sum(axis=-1) / defined.sum(axis=-1))

    return mean


_FINISH: dict[str, Callable[[Array], Array]] = {
    "mae": _mean,
    "rmse": lambda sums: np.sqrt(_mean(sums)),
    "bias": _mean,
    "r2": _r2,
    "mape": _mean,
    "accuracy": _mean,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "balanced_accuracy": _over_classes(_recall),
    "macro_f1": _over_classes(_f1),
    "log_loss": _mean,
    "brier": _mean,
}

"""Metrics as functions of weights on the rows, so that one pass serves the value and its bootstrap.

Most are functions of sums over rows (`row_statistics`, `finish`); those that need an order (`roc_auc`,
`pr_auc`, `medae`) weigh the sorted rows. Values equal scikit-learn's (1.9) for unit weights; undefined is
NaN. What `ece` is stands at `_Calibration`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlctl.domain.metric import QUANTILE_METRICS, Terms
from mlctl.statistics.curves import equal_mass

Array = np.ndarray[Any, Any]

ORDERED = frozenset({"roc_auc", "pr_auc", "medae", "ece"})
CENTRED = frozenset({"ece"})
"""Metrics that chance can only make larger: drawing again adds its own chance to them, so a bootstrap tells
their spread, and its samples are moved to have the value as their mean."""

_ECE_BINS = 15
_CELLS = 4_000_000


_NO_TERMS = Terms()


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model answered to rows whose truth is known.

    Attributes:
        truth: shape (rows,): float64 for a regression, class indices otherwise.
        output: shape (rows,), as truth.
        probabilities: shape (rows, classes), or None.
        classes: how many there are; 0 for a regression.
        positive: index of the positive class.
        terms: what some metrics need to know besides.
        weights: of the rows, shape (rows,), or None for equal ones. Every metric is that of rows which stand
            there so many times, but for `ece` (`_Calibration`).
    """

    truth: Array
    output: Array
    probabilities: Array | None = None
    classes: int = 0
    positive: int = 1
    weights: Array | None = None
    terms: Terms = _NO_TERMS

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
    """The row statistics whose sums `finish` needs, shape (rows, k) float64; times the rows' weights."""
    found = _ROWS[metric](answers)
    return found if answers.weights is None else found * answers.weights[:, None]


def finish(metric: str, sums: Array) -> Array:
    """The metric from sums of its row statistics over the last axis' k; any leading shape."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_FINISH[metric](sums))


def ordered(metric: str, answers: Answers, mask: Array) -> Callable[[Array], Array]:
    """A function of weights (samples, rows) to values (samples,), for a metric of `ORDERED`."""
    rows = np.flatnonzero(mask)
    if metric == "ece":
        return _Calibration(answers, rows)
    key = np.abs(answers.output - answers.truth) if metric == "medae" else answers.score()
    key = key[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    own = None if answers.weights is None else answers.weights[rows]
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
                chosen = chosen if own is None else chosen * own
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


class _Calibration:
    """The expected calibration error: how far answered probabilities are from how often they come true.

    Mean over bins of |mean probability - share that came true| (Naeini, Cooper and Hauskrecht, AAAI 2015),
    in 15 bins of equally many rows, equal probabilities together; weights do not move the bins. Of two
    classes it is the positive one's probability, of more that of the answered class (Guo et al., ICML 2017).
    Chance alone makes a bin's gap about the size of its standard error, so what chance adds to the gap that
    is seen, the mean of a folded normal distribution less the gap, is taken off (Kumar, Liang and Ma,
    NeurIPS 2019, section 5, in closed form); never below 0. Of weighted rows a bin has as much chance as the
    effective number of its rows says, (sum w)^2 / sum w^2 (Kish, Survey Sampling, 1965).
    """

    def __init__(self, answers: Answers, rows: Array) -> None:
        self._rows = rows
        self._weighted = answers.weights is not None
        chances = answers.probabilities
        self._columns: Array | None = None
        if chances is None or not len(rows):
            return
        if answers.classes > 2:  # noqa: PLR2004 (more than two classes)
            output = answers.output[rows].astype(np.int64)
            given = chances[rows, np.maximum(output, 0)]
            came = answers.output[rows] == answers.truth[rows]
        else:
            given = answers.score()[rows]
            came = answers.truth[rows] == answers.positive
        bins = equal_mass(given, _ECE_BINS)
        member = (bins[:, None] == np.unique(bins)).astype(np.float64)
        own = np.ones(len(rows)) if answers.weights is None else answers.weights[rows]
        mass = member * own[:, None]
        squares = [mass * own[:, None]] if self._weighted else []
        self._columns = np.hstack([mass, mass * given[:, None], mass * came[:, None], *squares])

    def __call__(self, weights: Array) -> Array:
        if self._columns is None:
            return np.full(len(weights), np.nan)
        sums = weights[:, self._rows] @ self._columns
        count, given, came, *squares = np.split(sums, 4 if self._weighted else 3, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = came / count
            gap = np.abs(given / count - share)
            error = np.sqrt(share * (1 - share) / (count**2 / squares[0] if squares else count))
            score = np.where(error > 0, gap / error, np.inf)
            folded = gap * _erf(score / np.sqrt(2)) + error * np.sqrt(2 / np.pi) * np.exp(-(score**2) / 2)
            parts = np.where(count > 0, count * (2 * gap - folded), 0.0)
        return np.asarray(np.maximum(parts.sum(axis=1) / count.sum(axis=1), 0.0))


def _erf(values: Array) -> Array:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(values), dtype=np.float64)


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


def effective_rows(weights: Array) -> float:
    """So many rows of equal weight would tell as much of a mean: (sum w)^2 / sum w^2 (Kish 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum() ** 2 / squares) if squares > 0 else 0.0


def _columns(*columns: Array) -> Array:
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _error(answers: Answers) -> Array:
    return np.asarray(answers.output - answers.truth)


def _mean_of(function: Callable[[Answers], Array]) -> Callable[[Answers], Array]:
    return lambda answers: _columns(np.ones(len(answers.truth)), function(answers))


def pinball_loss(error: Array, level: float) -> Array:
    """Of predictions minus truths (Koenker and Bassett, Econometrica 46, 1978)."""
    return np.maximum(-level * error, (1 - level) * error)


def _quantile_row(name: str, level: float | None = None) -> Callable[[Answers], Array]:
    """The pinball loss, or coverage less its level; without a level that of the answers."""

    def of(answers: Answers) -> Array:
        wanted = answers.terms.quantile if level is None else level
        if wanted is None:
            return np.full(len(answers.truth), np.nan)
        if name.startswith("pinball"):
            return pinball_loss(_error(answers), wanted)
        return np.asarray((answers.truth <= answers.output) - wanted)

    return of


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


def _decision_rows(answers: Answers) -> Array:
    """Rows, called positive, negatives, negatives called positive."""
    truth, called = answers.truth == answers.positive, answers.output == answers.positive
    return _columns(np.ones(len(truth)), called, ~truth, ~truth & called)


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


def _slope_rows(answers: Answers) -> Array:
    middle = answers.output.mean() if len(answers.output) else 0.0
    x, y = answers.output - middle, answers.truth - middle
    return _columns(np.ones(len(x)), x, y, x * x, x * y)


def _slope(sums: Array) -> Array:
    """Of the truth on the answers, by least squares: 1 where these are as far apart as they should be."""
    n, x, y, xx, xy = (sums[..., at] for at in range(5))
    spread = xx - x * x / n
    return np.where(spread > 0, (xy - x * y / n) / np.where(spread > 0, spread, 1), np.nan)


def _cost_row(answers: Answers) -> Array:
    if answers.terms.costs is None:
        return np.full(len(answers.truth), np.nan)
    truth, called = answers.truth == answers.positive, answers.output == answers.positive
    false_positive, false_negative = answers.terms.costs
    return np.asarray(false_positive * (~truth & called) + false_negative * (truth & ~called))


def _brier_row(answers: Answers) -> Array:
    return np.asarray((answers.score() - (answers.truth == answers.positive)) ** 2)


_ROWS: dict[str, Callable[[Answers], Array]] = {
    "mae": _mean_of(lambda answers: np.abs(_error(answers))),
    "rmse": _mean_of(lambda answers: _error(answers) ** 2),
    "bias": _mean_of(_error),
    "r2": _r2_rows,
    "mape": _mape_rows,
    "slope": _slope_rows,
    **{name: _mean_of(_quantile_row(name, level)) for name, level in QUANTILE_METRICS.items()},
    "pinball": _mean_of(_quantile_row("pinball")),
    "coverage": _mean_of(_quantile_row("coverage")),
    "selection_rate": _decision_rows,
    "false_positive_rate": _decision_rows,
    "accuracy": _mean_of(lambda answers: np.asarray(answers.output == answers.truth)),
    "precision": _confusion_rows,
    "recall": _confusion_rows,
    "f1": _confusion_rows,
    "balanced_accuracy": _per_class_rows,
    "macro_f1": _per_class_rows,
    "log_loss": _mean_of(_log_loss_row),
    "brier": _mean_of(_brier_row),
    "cost": _mean_of(_cost_row),
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
    "slope": _slope,
    **dict.fromkeys(("pinball", "coverage", *QUANTILE_METRICS), _mean),
    "selection_rate": lambda sums: sums[..., 1] / sums[..., 0],
    "false_positive_rate": lambda sums: sums[..., 3] / sums[..., 2],
    "accuracy": _mean,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "balanced_accuracy": _over_classes(_recall),
    "macro_f1": _over_classes(_f1),
    "log_loss": _mean,
    "brier": _mean,
    "cost": _mean,
}

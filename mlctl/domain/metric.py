"""The metrics by name: the tasks they judge and the better direction. Formulas: `statistics.metrics`."""

from collections.abc import Sequence

import msgspec

REGRESSION = ("regression",)
QUANTILE = ("quantile",)
NUMBERS = (*REGRESSION, *QUANTILE)
BINARY = ("binary",)
CLASSES = ("binary", "multiclass")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What some metrics need to know besides rows and answers.

    Attributes:
        quantile: that is answered, for "pinball" and "coverage".
        costs: of a false positive and of a false negative, for "cost".
    """

    quantile: float | None = None
    costs: tuple[float, float] | None = None


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric.

    Attributes:
        better: "lower", "higher", or "zero" (compared by its distance from 0).
    """

    name: str
    tasks: tuple[str, ...]
    better: str
    summary: str


QUANTILE_METRICS = {
    f"{name}_{percent:02}": percent / 100
    for name in ("pinball", "coverage")
    for percent in (1, 5, 10, 25, 50, 75, 90, 95, 99)
}
"""Metrics of a model that answers a quantile, by name: which quantile."""


def _quantile_metric(name: str, level: float) -> Metric:
    if name.startswith("pinball"):
        cost = f"a unit too low costs {level:g}, too high {1 - level:g}"
        summary = f"pinball loss of the quantile {level:g}: {cost}"
        return Metric(name=name, tasks=NUMBERS, better="lower", summary=summary)
    summary = f"share of truths at or below the prediction, minus {level:g}"
    return Metric(name=name, tasks=NUMBERS, better="zero", summary=summary)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(name="mae", tasks=REGRESSION, better="lower", summary="mean absolute error"),
        Metric(name="rmse", tasks=REGRESSION, better="lower", summary="root of the mean squared error"),
        Metric(name="r2", tasks=REGRESSION, better="higher", summary="share of the variance explained"),
        Metric(name="bias", tasks=REGRESSION, better="zero", summary="mean of prediction minus truth"),
        Metric(
            name="mape",
            tasks=REGRESSION,
            better="lower",
            summary="mean of |error| / |truth| where truth is not 0",
        ),
        Metric(name="medae", tasks=REGRESSION, better="lower", summary="median absolute error"),
        Metric(
            name="pinball",
            tasks=QUANTILE,
            better="lower",
            summary="pinball loss of the quantile that the spec asks for",
        ),
        Metric(
            name="coverage",
            tasks=QUANTILE,
            better="zero",
            summary="share of truths at or below the prediction, minus the spec's quantile",
        ),
        *(_quantile_metric(name, level) for name, level in QUANTILE_METRICS.items()),
        Metric(name="accuracy", tasks=CLASSES, better="higher", summary="share of right answers"),
        Metric(
            name="balanced_accuracy",
            tasks=CLASSES,
            better="higher",
            summary="mean over classes of the recall",
        ),
        Metric(
            name="precision",
            tasks=BINARY,
            better="higher",
            summary="share of right ones among those called positive",
        ),
        Metric(
            name="recall", tasks=BINARY, better="higher", summary="share of the positive ones that were found"
        ),
        Metric(name="f1", tasks=BINARY, better="higher", summary="harmonic mean of precision and recall"),
        Metric(name="macro_f1", tasks=CLASSES, better="higher", summary="mean over classes of f1"),
        Metric(
            name="roc_auc",
            tasks=BINARY,
            better="higher",
            summary="chance that a positive ranks above a negative",
        ),
        Metric(name="pr_auc", tasks=BINARY, better="higher", summary="average precision"),
        Metric(
            name="log_loss",
            tasks=CLASSES,
            better="lower",
            summary="mean of -log of the true class's probability",
        ),
        Metric(
            name="ece",
            tasks=CLASSES,
            better="lower",
            summary="expected calibration error: answered probabilities against how often they come true",
        ),
        Metric(
            name="cost",
            tasks=BINARY,
            better="lower",
            summary="mean cost of a row by `eval.costs`; a right answer costs nothing",
        ),
        Metric(name="brier", tasks=BINARY, better="lower", summary="mean squared error of the probability"),
    )
}

DEFAULTS = {
    "regression": ("mae", "r2"),
    "quantile": ("pinball", "coverage"),
    "binary": ("roc_auc", "accuracy"),
    "multiclass": ("log_loss", "accuracy", "macro_f1"),
}
"""What is measured where the spec names no metrics; the first one gives the verdict."""

NEED_PROBABILITIES = frozenset({"roc_auc", "pr_auc", "log_loss", "brier", "ece"})


def first_judged(metrics: Sequence[str], *, probabilities: bool) -> str:
    """The metric that gives the verdict: the first, or without probabilities the first that needs none."""
    able = (name for name in metrics if probabilities or name not in NEED_PROBABILITIES)
    return next(able, metrics[0])


def loss(metric: str, value: float) -> float:
    """The value turned so that less is better: itself, its negative, or its distance from 0."""
    better = METRICS[metric].better
    return value if better == "lower" else -value if better == "higher" else abs(value)


def harm(metric: str, difference: float) -> float:
    """A difference (candidate minus other) turned so that positive means that the candidate is worse.

    The difference of a metric that is best at 0 is one of distances from 0 already.
    """
    return -difference if METRICS[metric].better == "higher" else difference

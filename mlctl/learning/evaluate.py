"""Metrics with intervals: a candidate, its baseline and the incumbent on the same rows and the same draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlctl.domain.evaluation import QUANTILES, Difference, Estimate, SliceResult
from mlctl.domain.metric import METRICS, harm
from mlctl.domain.spec import ModelSpec
from mlctl.learning.folds import blocks
from mlctl.learning.luck import Repeated, of_recipes
from mlctl.learning.rows import Array
from mlctl.statistics.bootstrap import Cell, Sampled, bootstrap
from mlctl.statistics.intervals import interval, quantiles
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes
from mlctl.statistics.seeds import SeedError

_WEEKS = 8
_TIMES = ("day", "week", "month")


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The incumbent's answers.

    Attributes:
        answers: one a row of the test set; meaningless outside of the mask.
        mask: rows that neither model has learnt from.
        aside: metrics by which the two are not compared.
    """

    answers: Answers
    mask: Array
    aside: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is evaluated on what.

    Attributes:
        labels: the unit that each row belongs to (from `units_of`).
        slices: masks over the rows, by name.
        repeated: further fits of the candidate's and the rival's recipe.
    """

    metrics: Sequence[str]
    candidate: Answers
    baseline: Answers
    labels: Array
    samples: int
    seed: int
    slices: Mapping[str, Array] = field(default_factory=dict)
    rival: Rival | None = None
    repeated: tuple[Repeated, Repeated] = (Repeated(), Repeated())


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All the numbers of an evaluation.

    Attributes:
        recipe: differences of the means over seeds; {} where the luck of the seed is not known.
        luck: by metric, the error of the seeds in them.
    """

    units: int
    metrics: dict[str, Estimate]
    baseline: dict[str, Estimate]
    baseline_difference: dict[str, Difference]
    incumbent: dict[str, Difference]
    slices: dict[str, SliceResult]
    recipe: dict[str, Difference]
    luck: dict[str, SeedError]


def compare(comparison: Comparison) -> Verdict:
    """Bootstrap everything at once."""
    codes, units = unit_codes(comparison.labels)
    plan = _Plan()
    whole = np.ones(len(codes), dtype=bool)
    parts: dict[str | None, Array] = {None: whole}
    parts.update(comparison.slices)
    rival = comparison.rival
    for metric in comparison.metrics:
        plan.add(("baseline", metric, None), comparison.baseline, whole)
        for name, mask in parts.items():
            plan.add(("candidate", metric, name), comparison.candidate, mask)
    if rival is not None:
        for name, mask in parts.items():
            shared = mask & rival.mask
            for metric in _shared(comparison, rival):
                for cell, answers in _fits(comparison, rival):
                    plan.add((*cell, metric, name), answers, shared)
    found = plan.run(codes, units, comparison.samples, comparison.seed)
    differences = (
        {} if rival is None else {name: _differences(found, comparison, rival, name) for name in parts}
    )
    recipes = {name: _recipes(found, comparison, rival, name) for name in parts} if rival is not None else {}
    return Verdict(
        units=units,
        metrics={metric: estimate(found["candidate", metric, None]) for metric in comparison.metrics},
        baseline={metric: estimate(found["baseline", metric, None]) for metric in comparison.metrics},
        baseline_difference={
            metric: difference(metric, found["candidate", metric, None], found["baseline", metric, None])
            for metric in comparison.metrics
        },
        incumbent=differences.get(None, {}),
        slices={
            name: SliceResult(
                rows=int(mask.sum()),
                metrics={metric: estimate(found["candidate", metric, name]) for metric in comparison.metrics},
                incumbent=differences.get(name, {}),
                recipe={metric: one for metric, (one, _) in recipes.get(name, {}).items()},
            )
            for name, mask in comparison.slices.items()
        },
        recipe={metric: one for metric, (one, _) in recipes.get(None, {}).items()},
        luck={metric: error for metric, (_, error) in recipes.get(None, {}).items()},
    )


def _fits(comparison: Comparison, rival: Rival) -> Iterator[tuple[tuple[str, int], Answers]]:
    """Every fit of both recipes, the compared artefacts first."""
    for side, first, repeated in zip(
        ("own", "other"), (comparison.candidate, rival.answers), comparison.repeated, strict=True
    ):
        for number, answers in enumerate((first, *repeated.answers)):
            yield (side, number), answers


def _shared(comparison: Comparison, rival: Rival) -> list[str]:
    return [metric for metric in comparison.metrics if metric not in rival.aside]


def _differences(
    found: "_Found", comparison: Comparison, rival: Rival, name: str | None
) -> dict[str, Difference]:
    return {
        metric: difference(metric, found["own", 0, metric, name], found["other", 0, metric, name])
        for metric in _shared(comparison, rival)
    }


def _recipes(
    found: "_Found", comparison: Comparison, rival: Rival, name: str | None
) -> dict[str, tuple[Difference, SeedError]]:
    told = {}
    for metric in _shared(comparison, rival):
        fits: dict[str, list[Sampled]] = {"own": [], "other": []}
        for (side, number), _ in _fits(comparison, rival):
            fits[side].append(found[side, number, metric, name])
        one = of_recipes(metric, fits["own"], fits["other"], comparison.repeated)
        if one is not None:
            told[metric] = one
    return told


_Found = Mapping[tuple[Any, ...], Sampled]


class _Plan:
    """The cells of one bootstrap and what they are called."""

    def __init__(self) -> None:
        self._names: list[tuple[Any, ...]] = []
        self._cells: list[Cell] = []

    def add(self, name: tuple[Any, ...], answers: Answers, mask: Array) -> None:
        """Name a cell; the name ends in the metric and the part of the rows."""
        self._names.append(name)
        self._cells.append(Cell(metric=name[-2], answers=answers, mask=mask))

    def run(self, codes: Array, units: int, samples: int, seed: int) -> "_Found":
        sampled = bootstrap(self._cells, codes, units, samples=samples, seed=seed)
        return dict(zip(self._names, sampled, strict=True))


def estimate(sampled: Sampled) -> Estimate:
    """A metric's value with its 95 % interval."""
    if not np.isfinite(sampled.value):
        return Estimate(value=None)
    low, high = interval(sampled.samples, sampled.units)
    return Estimate(value=sampled.value, low=low, high=high)


def difference(metric: str, own: Sampled, other: Sampled) -> Difference:
    """The paired difference own - other; of distances from 0 for a metric that is best at 0."""
    if not (np.isfinite(own.value) and np.isfinite(other.value)):
        return Difference(difference=None, other=other.value if np.isfinite(other.value) else None)
    turn: Any = np.abs if METRICS[metric].better == "zero" else np.asarray
    samples = turn(own.samples) - turn(other.samples)
    low, high = interval(samples, own.units)
    return Difference(
        difference=float(turn(own.value) - turn(other.value)),
        low=low,
        high=high,
        quantiles=quantiles(samples, own.units, QUANTILES),
        other=other.value,
    )


def verdict(metric: str, found: Difference | None) -> str:
    """One word by the 95 % interval: better, worse, cannot_tell; none where there is no interval."""
    if found is None or found.low is None or found.high is None:
        return "none"
    ends = sorted((harm(metric, found.low), harm(metric, found.high)))
    return "better" if ends[1] < 0 else "worse" if ends[0] > 0 else "cannot_tell"


def resample_unit(spec: ModelSpec, moments: Array | None) -> str:
    """What an interval resamples: the declared unit, or what the split suggests.

    Rows of a split by time stand in weeks where there are at least eight, else in days; a split by group
    resamples groups; otherwise rows.
    """
    if spec.eval.resample is not None:
        return spec.eval.resample
    if spec.split.by == "group" and spec.split.column is not None:
        return spec.split.column
    if spec.split.by == "time" and moments is not None:
        return "week" if len(np.unique(blocks(moments, "week"))) >= _WEEKS else "day"
    return "row"


def units_of(unit: str, rows: int, moments: Array | None, column: Sequence[Any] | None) -> Array:
    """The unit of each row: its number, its day, week or month, or its value in a column."""
    if unit == "row":
        return np.arange(rows)
    if unit in _TIMES and moments is not None:
        return blocks(moments, unit)
    return np.array([str(value) for value in column or []], dtype=object).astype(str)

"""Metrics with intervals: a candidate, its baseline and the incumbent on the same rows and the same draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlctl.domain.evaluation import QUANTILES, Difference, Estimate, SliceResult
from mlctl.domain.metric import METRICS, harm
from mlctl.domain.spec import ModelSpec
from mlctl.learning.folds import blocks
from mlctl.learning.rows import Array
from mlctl.statistics.bootstrap import Cell, Sampled, bootstrap
from mlctl.statistics.intervals import interval, quantiles
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes

_WEEKS = 8
_TIMES = ("day", "week", "month")


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The incumbent's answers.

    Attributes:
        answers: one a row of the test set; meaningless outside of the mask.
        mask: rows that neither model has learnt from.
    """

    answers: Answers
    mask: Array


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is evaluated on what.

    Attributes:
        labels: the unit that each row belongs to (from `units_of`).
        slices: masks over the rows, by name.
    """

    metrics: Sequence[str]
    candidate: Answers
    baseline: Answers
    labels: Array
    samples: int
    seed: int
    slices: Mapping[str, Array] = field(default_factory=dict)
    rival: Rival | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All the numbers of an evaluation."""

    units: int
    metrics: dict[str, Estimate]
    baseline: dict[str, Estimate]
    baseline_difference: dict[str, Difference]
    incumbent: dict[str, Difference]
    slices: dict[str, SliceResult]


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
            for metric in comparison.metrics:
                plan.add(("shared", metric, name), comparison.candidate, shared)
                plan.add(("incumbent", metric, name), rival.answers, shared)
    found = plan.run(codes, units, comparison.samples, comparison.seed)
    differences = {name: _differences(found, comparison, name) for name in parts} if rival is not None else {}
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
            )
            for name, mask in comparison.slices.items()
        },
    )


def _differences(
    found: Mapping[tuple[str, str, str | None], Sampled], comparison: Comparison, name: str | None
) -> dict[str, Difference]:
    return {
        metric: difference(metric, found["shared", metric, name], found["incumbent", metric, name])
        for metric in comparison.metrics
    }


class _Plan:
    """The cells of one bootstrap and what they are called."""

    def __init__(self) -> None:
        self._names: list[tuple[str, str, str | None]] = []
        self._cells: list[Cell] = []

    def add(self, name: tuple[str, str, str | None], answers: Answers, mask: Array) -> None:
        self._names.append(name)
        self._cells.append(Cell(metric=name[1], answers=answers, mask=mask))

    def run(
        self, codes: Array, units: int, samples: int, seed: int
    ) -> dict[tuple[str, str, str | None], Sampled]:
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

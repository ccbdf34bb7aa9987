"""Evaluations: metrics with intervals, by slice, beside the baseline and the incumbent."""

import math
from typing import Any, ClassVar

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.records import Fact, Record

QUANTILES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)
"""Levels at which bootstrap distributions are kept, so that a gate may choose its confidence later."""

_HOPELESS = 1000


class Estimate(Record, frozen=True, kw_only=True):
    """A metric's value with its 95 % bootstrap interval; all None where it is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Difference(Record, frozen=True, kw_only=True):
    """Candidate minus incumbent (or baseline), from a paired bootstrap.

    Attributes:
        difference: of the metric's values, in the metric's unit.
        low, high: 95 % interval.
        quantiles: of the bootstrap distribution at `QUANTILES`.
        other: the incumbent's value on the same rows.
    """

    difference: float | None
    low: float | None = None
    high: float | None = None
    quantiles: tuple[float, ...] = ()
    other: float | None = None


def more_rows(found: Difference, rows: int) -> int | None:
    """About how many more rows would take 0 out of the 95 % interval, if the difference is what it seems.

    The interval of a mean of independent units shrinks with the root of their number (the central limit
    theorem; Student, Biometrika 6, 1908, for the mean itself), so n rows become n (h / d)^2: d the gap,
    h from it to the end of the interval beyond 0. Units of more than one row count by their rows.

    Args:
        found: a difference.
        rows: that it was measured on.

    Returns:
        Two digits' worth of rows; None where 0 is outside already, where there is no difference or interval,
        or where a thousand times the rows would not do: the two are as good as equal.
    """
    gap = found.difference
    if not gap or found.low is None or found.high is None or not found.low <= 0 <= found.high:
        return None
    times = (((found.high if gap < 0 else found.low) - gap) / gap) ** 2
    if times > _HOPELESS:
        return None
    more = max(rows * (times - 1), 1.0)
    step = 10 ** max(int(math.log10(more)) - 1, 0)
    return int(math.ceil(round(more / step, 6)) * step)


class SliceResult(Record, frozen=True, kw_only=True):
    """The metrics of the rows for which an expression holds."""

    rows: int
    metrics: dict[str, Estimate]
    incumbent: dict[str, Difference] = msgspec.field(default_factory=dict)


class IncumbentResult(Record, frozen=True, kw_only=True):
    """The comparison with what the stage holds.

    Attributes:
        version: its number, or None where there is no incumbent.
        digest: of the artefact that was compared.
        artefact: "deployed", or "tested" where the deployed one has learnt from these test rows.
        rows: compared on.
        verdict: "better", "worse", "cannot_tell" or "none", by the first metric's 95 % interval.
        more_rows: about how many more would tell, where the verdict is "cannot_tell" (`more_rows`).
        why: a sentence where the verdict is "none", the artefact is "tested", or it was recalibrated.
    """

    version: int | None = None
    digest: Digest | None = None
    artefact: str = "deployed"
    rows: int = 0
    verdict: str = "none"
    more_rows: int | None = None
    why: str = ""
    metrics: dict[str, Difference] = msgspec.field(default_factory=dict)


class Evaluation(Fact, frozen=True, kw_only=True):
    """One evaluation of one model version on one set of rows.

    Attributes:
        model_digest: of the ModelVersion that was scored.
        key: sha256 over all that the result depends on.
        stage: whose incumbent it was compared with.
        resample: the unit of the bootstrap: "row", a column, "day", "week", "month".
        units: number of such units.
        predictions: object (Parquet): per row key, time, target, answers of candidate, incumbent, baseline.
    """

    kind: ClassVar[str] = "evaluations"

    model: str
    model_digest: Digest
    key: Digest
    dataset: str
    dataset_digest: Digest
    stage: str | None
    rows: int
    resample: str
    units: int
    samples: int
    seed: int
    metrics: dict[str, Estimate]
    slices: dict[str, SliceResult]
    baseline: dict[str, Estimate]
    baseline_difference: dict[str, Difference]
    incumbent: IncumbentResult
    predictions: Digest
    notes: dict[str, Any] = msgspec.field(default_factory=dict)

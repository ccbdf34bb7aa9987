"""Evaluations: metrics with intervals, by slice, beside the baseline and the incumbent."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.in_use import DataChecked, InUse, Replay
from mlctl.domain.records import Fact, Record

_INNER = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)
QUANTILES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, *_INNER, 0.998, 0.999, 0.9995, 0.9998, 0.9999)
"""Levels at which bootstrap distributions are kept, so that a gate may choose its confidence later."""

_HOPELESS = 1000
_POWER = (1.959964 + 0.841621) / 1.959964
"""A difference is found in four of five tries where it is so many halves of the 95 % interval: the scores of
0.975 and of 0.8 over that of 0.975."""

MOST_REPEATS = 50
"""Fits of one recipe."""


def levels_of(quantiles: Sequence[float]) -> tuple[float, ...]:
    """The levels of stored quantiles; evaluations of 0.1 kept fewer."""
    return _INNER if len(quantiles) == len(_INNER) else QUANTILES


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
    """About how many more rows would tell in four of five tries, if the difference is what it seems.

    The interval of a mean of independent units shrinks with the root of their number (the central limit
    theorem; Student, Biometrika 6, 1908, for the mean itself), so n rows become n (1.43 h / d)^2: d the gap,
    h from it to the end of the 95 % interval beyond 0, and 1.43 for a power of 0.8 (with h = d it would be
    found in one of two). Units of more than one row count by their rows.

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
    times = (_POWER * ((found.high if gap < 0 else found.low) - gap) / gap) ** 2
    if times > _HOPELESS:
        return None
    more = max(rows * (times - 1), 1.0)
    step = 10 ** max(int(math.log10(more)) - 1, 0)
    return int(math.ceil(round(more / step, 6)) * step)


class SliceResult(Record, frozen=True, kw_only=True):
    """The metrics of the rows for which an expression holds; `incumbent` and `recipe` as for all rows."""

    rows: int
    metrics: dict[str, Estimate]
    incumbent: dict[str, Difference] = msgspec.field(default_factory=dict)
    recipe: dict[str, Difference] = msgspec.field(default_factory=dict)


class FoundSlice(Record, frozen=True, kw_only=True):
    """A slice that nobody declared and where the model does badly.

    Attributes:
        where: an expression, as `eval.slices` takes it.
        value, overall: mean loss of its rows and of all rows.
        p: chance that the worst of all slices that were looked at would stand out so far by luck alone.
    """

    where: str
    rows: int
    value: float
    overall: float
    p: float


class SliceSearch(Record, frozen=True, kw_only=True):
    """What the search for weak slices found, the furthest out first.

    Attributes:
        looked_at: slices.
        loss: what was averaged: "absolute error", "pinball loss", "log loss" or "share of wrong answers".
    """

    looked_at: int = 0
    loss: str = ""
    found: tuple[FoundSlice, ...] = ()


class Group(Record, frozen=True, kw_only=True):
    """How the rows of one group are answered.

    Attributes:
        rates: "selection_rate" (share called positive), "recall" and "false_positive_rate".
        left_out: too few rows to be compared.
    """

    rows: int
    rates: dict[str, Estimate]
    left_out: bool = False


class Gap(Record, frozen=True, kw_only=True):
    """The two groups that are furthest apart in a rate.

    Attributes:
        rate: which.
        high, low: the groups.
        difference: of their rates, high minus low.
        ratio: low by high.
    """

    rate: str
    high: str
    low: str
    difference: Estimate
    ratio: Estimate


class Fairness(Record, frozen=True, kw_only=True):
    """How alike the groups of a column are treated.

    Attributes:
        gaps: "parity" (demographic parity: of the selection rate), "opportunity" (equal opportunity: of the
            recall), "odds" (equalised odds: of the recall or the false-positive rate, whichever is larger);
            without those that are undefined.
    """

    groups: dict[str, Group] = msgspec.field(default_factory=dict)
    gaps: dict[str, Gap] = msgspec.field(default_factory=dict)


class BehaviourResult(Record, frozen=True, kw_only=True):
    """What a declared test of behaviour found.

    Attributes:
        rows, failed: that were tested, and that did not behave.
        passed: no more failed than the test lets pass.
        required: promotion is refused where it did not pass.
        examples: the worst rows: "row" by column, "answers" before and, where a column was changed, after; of
            classes with their probability.
    """

    name: str
    kind: str
    rows: int
    failed: int
    passed: bool
    required: bool
    examples: tuple[dict[str, Any], ...] = ()


class Seeds(Record, frozen=True, kw_only=True):
    """What is known of the luck of the seed in a comparison.

    Attributes:
        own, other: fits of the candidate's and of the incumbent's recipe that were compared on these rows.
        known: whether intervals could be widened for it: no recipe asks its seed, or one was repeated.
        assumed: one side was fitted once, and taken to vary as the other does.
        deviation: standard deviation of the first metric over seeds, of the side that varies more.
    """

    own: int = 1
    other: int = 1
    known: bool = False
    assumed: bool = False
    deviation: float | None = None


class IncumbentResult(Record, frozen=True, kw_only=True):
    """The comparison with what the stage holds.

    Attributes:
        version: its number, or None where there is no incumbent.
        digest: of the artefact that was compared.
        artefact: "deployed", or "tested" where the deployed one has learnt from these test rows.
        rows: compared on.
        verdict: "better", "worse", "cannot_tell" or "none", by the 95 % interval of the first metric in
            `recipe`.
        more_rows, more_seeds: about how many more would tell, where the verdict is "cannot_tell".
        why: a sentence where the verdict is "none", the artefact is "tested", it was recalibrated, or wrong
            answers cost something else by it, so that `cost` is not compared.
        metrics: differences of the two artefacts on these rows.
        recipe: differences of the means over seeds, the luck of the seed in their intervals; {} where that
            is not known.
    """

    version: int | None = None
    digest: Digest | None = None
    artefact: str = "deployed"
    rows: int = 0
    verdict: str = "none"
    more_rows: int | None = None
    more_seeds: int | None = None
    why: str = ""
    metrics: dict[str, Difference] = msgspec.field(default_factory=dict)
    recipe: dict[str, Difference] = msgspec.field(default_factory=dict)
    seeds: Seeds = Seeds()


class Evaluation(Fact, frozen=True, kw_only=True):
    """One evaluation of one model version on one set of rows.

    Attributes:
        model_digest: of the ModelVersion that was scored.
        key: sha256 over all that the result depends on.
        stage: whose incumbent it was compared with.
        resample: the unit of the bootstrap: "row", a column, "day", "week", "month".
        units: number of such units.
        predictions: object (Parquet): per row key, time, target, answers of candidate, incumbent, baseline.
        search: slices that were found to be worse than the rest; None in evaluations of 0.1 or if unwanted.
        champion: the comparison with the last version that was shown to be better, where the stage has moved
            on since without such evidence; all rows only.
        behaviour: of the declared tests, in their order.
        fairness: by column, how alike its groups are treated; {} where it was not asked for.
        test: digest of the rows' keys, times and targets; None in evaluations of 0.1.
        test_from, test_through: first and last event time of the rows, or None.
        in_use: size and speed of the tested artefact; None in evaluations of before.
        replay: requests of the incumbent, put to it; None where there is no incumbent.
        data_checks: on the data that it was trained on; None where no gate asked.
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
    search: SliceSearch | None = None
    champion: IncumbentResult | None = None
    behaviour: tuple[BehaviourResult, ...] = ()
    fairness: dict[str, Fairness] = msgspec.field(default_factory=dict)
    test: Digest | None = None
    test_from: str | None = None
    test_through: str | None = None
    in_use: InUse | None = None
    replay: Replay | None = None
    data_checks: DataChecked | None = None
    notes: dict[str, Any] = msgspec.field(default_factory=dict)

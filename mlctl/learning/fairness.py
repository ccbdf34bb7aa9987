"""How alike a model of two classes treats groups of rows; differences and ratios on the draws of the metrics.

Demographic parity (Dwork et al. 2012), equal opportunity and equalised odds (Hardt, Price and Srebro 2016).
The two groups furthest apart are chosen on the rows themselves and held through the bootstrap, so an interval
that holds 0 (or 1) says that chance alone could make the gap; with more than two groups the choice itself
favours large gaps, and an interval is a little too far out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlctl.domain.errors import UsageError
from mlctl.domain.evaluation import Estimate, Fairness, Gap, Group
from mlctl.learning.evaluate import estimate
from mlctl.learning.rows import Array
from mlctl.statistics.bootstrap import Cell, Sampled, bootstrap
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes

RATES = ("selection_rate", "recall", "false_positive_rate")
MISSING = "(missing)"

_LEAST_ROWS = 30
_MOST_GROUPS = 30
_GAPS = {"parity": ("selection_rate",), "opportunity": ("recall",), "odds": ("recall", "false_positive_rate")}

_Found = Mapping[tuple[str, str], Sampled]


def fairness_of(
    name: str, column: Sequence[Any], answers: Answers, labels: Array, *, samples: int, seed: int
) -> Fairness:
    """The rates of the groups of a column, and how far apart they are.

    Groups of fewer than 30 rows have their rates, and are left out of the comparison.

    Args:
        name: of the column.
        column: its value in each row.
        answers: the model's; of two classes.
        labels: the unit of each row; what is drawn together.
        samples: of the bootstrap.
        seed: of its draws.

    Raises:
        UsageError: the column has too many values to be groups.
    """
    texts = np.array([MISSING if value is None else str(value) for value in column], dtype=object)
    names = sorted(set(texts.tolist()))
    if len(names) > _MOST_GROUPS:
        raise UsageError(
            f"eval.fairness: {name} has {len(names)} values; the most is {_MOST_GROUPS} groups",
            "mlctl spec explain",
        )
    masks = {group: np.asarray(texts == group, dtype=bool) for group in names}
    keys = [(group, rate) for group in names for rate in RATES]
    cells = [Cell(metric=rate, answers=answers, mask=masks[group]) for group, rate in keys]
    codes, units = unit_codes(labels)
    found = dict(zip(keys, bootstrap(cells, codes, units, samples=samples, seed=seed), strict=True))
    counts = {group: int(mask.sum()) for group, mask in masks.items()}
    groups = {
        group: Group(
            rows=count,
            rates={rate: estimate(found[group, rate]) for rate in RATES},
            left_out=count < _LEAST_ROWS,
        )
        for group, count in counts.items()
    }
    large = [group for group in names if counts[group] >= _LEAST_ROWS]
    gaps = {}
    for gap, rates in _GAPS.items():
        widest = max(
            (one for one in (_gap(found, large, rate) for rate in rates) if one is not None),
            key=lambda one: one.difference.value or 0.0,
            default=None,
        )
        if widest is not None:
            gaps[gap] = widest
    return Fairness(groups=groups, gaps=gaps)


def _gap(found: _Found, groups: Sequence[str], rate: str) -> Gap | None:
    """The two groups furthest apart in a rate; None with fewer than two that have it."""
    known = [group for group in groups if np.isfinite(found[group, rate].value)]
    if len(known) < 2:  # noqa: PLR2004 - a gap has two sides
        return None
    high = max(known, key=lambda group: found[group, rate].value)
    low = min(known, key=lambda group: found[group, rate].value)
    above, below = found[high, rate], found[low, rate]
    units = min(above.units, below.units)
    difference = Sampled(value=above.value - below.value, samples=above.samples - below.samples, units=units)
    return Gap(
        rate=rate, high=high, low=low, difference=estimate(difference), ratio=_ratio(below, above, units)
    )


def _ratio(below: Sampled, above: Sampled, units: int) -> Estimate:
    if above.value == 0:
        return Estimate(value=None)
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = below.samples / above.samples
    return estimate(Sampled(value=below.value / above.value, samples=samples, units=units))

"""Gates beside the metrics: how alike groups are treated, and required tests of behaviour."""

from collections.abc import Iterable, Iterator, Mapping

from mlctl.domain.digits import apart, digits
from mlctl.domain.evaluation import BehaviourResult, Estimate, Fairness
from mlctl.domain.gate import Reason
from mlctl.domain.spec_gates import GateRule

FAIRNESS_GATES = (
    "parity_difference",
    "parity_ratio",
    "opportunity_difference",
    "opportunity_ratio",
    "odds_difference",
)
"""What a gate may ask of a column of `eval.fairness`; where groups are alike, ratios are 1, differences 0."""


def by_group(key: str) -> bool:
    """Whether a gate's key is about groups: "parity_ratio@sex"."""
    return key.partition("@")[0] in FAIRNESS_GATES


def fairness_reasons(rules: Mapping[str, GateRule], found: Mapping[str, Fairness]) -> Iterator[Reason]:
    """Why gates on groups refuse: `max` and `min` look at the value.

    One that cannot be computed refuses.
    """
    for key, rule in rules.items():
        name, _, column = key.partition("@")
        gap, _, kind = name.partition("_")
        one = found[column].gaps.get(gap) if column in found else None
        known = None if one is None else one.difference if kind == "difference" else one.ratio
        for side, limit in (("max", rule.max), ("min", rule.min)):
            if limit is None:
                continue
            gate = f"{name}.{side}"
            if one is None or known is None or known.value is None:
                why = f"{name} of {column} could not be computed"
                yield Reason(gate=gate, slice=column, value=None, limit=limit, why=why)
            elif (known.value > limit) if side == "max" else (known.value < limit):
                said, bound = apart(known.value, limit)
                where = f"{one.rate} of {one.low} against {one.high}"
                beyond = "above" if side == "max" else "below"
                why = f"{name} {said}{_interval(known)} is {beyond} {bound}: {where}"
                yield Reason(gate=gate, slice=column, value=known.value, limit=limit, why=why)


def behaviour_reasons(found: Iterable[BehaviourResult]) -> Iterator[Reason]:
    """Why tests of behaviour refuse: those that are required and did not pass."""
    for one in found:
        if one.required and not one.passed:
            why = f"{one.kind} test {one.name!r}: {one.failed:,} of {one.rows:,} rows do not behave"
            gate = f"test.{one.name}"
            yield Reason(gate=gate, slice=None, value=float(one.failed), limit=None, why=why)


def _interval(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" [{digits(found.low)}, {digits(found.high)}]"

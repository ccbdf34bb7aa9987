"""Gates on metrics that hold: what each has seen, for whoever asks why a version may pass.

Pure; a decision names what refused or could not be judged, so what it does not name has held.
"""

from collections.abc import Iterator, Mapping

from mlctl.domain.digits import apart, digits
from mlctl.domain.evaluation import Difference, Estimate, Fairness
from mlctl.domain.fairness import by_group
from mlctl.domain.gate import BASELINE, Evidence, GateDecision, Reason
from mlctl.domain.spec_gates import GateRule

_SLICES = "slices"
_SAID = {
    "not_worse": "no evidence of harm",
    "non_inferior": "the loss is within the margin",
    "superior": "a gain beyond the margin",
}


def held_gates(
    rules: Mapping[str, GateRule], evidence: Evidence, groups: Mapping[str, Fairness], decision: GateDecision
) -> Iterator[Reason]:
    """The baseline and every rule that was judged and did not refuse, in the rules' order.

    Of a rule over "@slices" it is one reason, and only if no slice refused.
    """
    named = {(one.gate.removesuffix(" (champion)"), one.slice) for one in decision.reasons}
    open_ = {(one.gate, one.slice) for one in decision.skipped}
    own, base = evidence.metrics.get(evidence.primary), evidence.baseline.get(evidence.primary)
    if own and base and own.value is not None and (BASELINE, None) not in named | open_:
        why = f"{evidence.primary} {digits(own.value)} is not worse than the baseline's {_shown(base.value)}"
        yield Reason(gate=BASELINE, slice=None, value=own.value, limit=base.value, why=why)
    for key, rule in rules.items():
        metric, _, where = key.partition("@")
        for kind, limit in (("max", rule.max), ("min", rule.min), (rule.incumbent, None)):
            if kind is None or (kind in {"max", "min"} and limit is None):
                continue
            gate = f"{metric}.{kind}"
            if by_group(key):
                if (gate, where) not in named:
                    yield _of_groups(gate, limit, where, groups)
                continue
            parts = list(evidence.slices) if where == _SLICES else [where.removeprefix("slice:") or None]
            judged = [part for part in parts if not {(gate, part), (metric, part)} & open_]
            if (
                not judged
                or {(gate, part) for part in judged} & named
                or {(metric, p) for p in judged} & named
            ):
                continue
            if where == _SLICES:
                count = f"{len(judged)} of {len(parts)} slices"
                yield Reason(gate=f"{key}.{kind}", slice=None, value=None, limit=limit, why=f"on {count}")
            else:
                yield _of_metric(gate, limit, judged[0], evidence)


def _of_metric(gate: str, limit: float | None, part: str | None, evidence: Evidence) -> Reason:
    metric, _, kind = gate.partition(".")
    known = evidence.slices[part] if part is not None else None
    estimate = (known.metrics if known else evidence.metrics).get(metric)
    if limit is not None:
        return _limit(gate, limit, part, estimate)
    difference = (known.incumbent if known else evidence.incumbent.metrics).get(metric)
    value = None if difference is None else difference.difference
    other = f"version {evidence.incumbent.version}"
    why = f"{metric} differs from {other} by {_interval(difference)}: {_SAID[kind]}"
    return Reason(gate=gate, slice=part, value=value, limit=None, why=why)


def _of_groups(gate: str, limit: float | None, column: str, groups: Mapping[str, Fairness]) -> Reason:
    gap, _, kind = gate.partition(".")[0].partition("_")
    one = groups[column].gaps.get(gap) if column in groups else None
    estimate = None if one is None else one.difference if kind == "difference" else one.ratio
    return _limit(gate, limit, column, estimate)


def _limit(gate: str, limit: float | None, part: str | None, estimate: Estimate | None) -> Reason:
    name, _, kind = gate.partition(".")
    value = None if estimate is None else estimate.value
    if estimate is None or value is None or limit is None:
        return Reason(gate=gate, slice=part, value=value, limit=limit, why=f"{name} is within its limit")
    said, bound = apart(value, limit)
    ends = "" if estimate.low is None or estimate.high is None else _between(estimate.low, estimate.high)
    why = f"{name} {said}{ends} is {'at most' if kind == 'max' else 'at least'} {bound}"
    return Reason(gate=gate, slice=part, value=value, limit=limit, why=why)


def _interval(found: Difference | None) -> str:
    if found is None or found.difference is None:
        return "nothing that is known"
    ends = "" if found.low is None or found.high is None else _between(found.low, found.high)
    return f"{digits(found.difference, sign=True)}{ends}"


def _between(low: float, high: float) -> str:
    return f" [{digits(low)}, {digits(high)}]"


def _shown(value: float | None) -> str:
    return "-" if value is None else digits(value)

"""Gates: whether an evaluation lets a version through, with every reason against it.

Pure. A rule sees the metric's value, its baseline and its paired difference from the incumbent.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from mlctl.domain.digits import apart, digits
from mlctl.domain.evaluation import Difference, Estimate, IncumbentResult, SliceResult
from mlctl.domain.holm import levels
from mlctl.domain.metric import METRICS, harm
from mlctl.domain.quantiles import level_of, quantile
from mlctl.domain.records import Record
from mlctl.domain.spec_gates import GateRule

BASELINE = "baseline"
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*\Z")


class Reason(Record, frozen=True, kw_only=True):
    """Why a gate refused, or could not be judged.

    Attributes:
        gate: "mae.max", "r2.superior", "baseline", ...
        slice: its name; None for all rows.
        value, limit: what was compared, in the metric's unit; None where there is nothing to compare.
        why: a sentence with the numbers and the interval.
    """

    gate: str
    slice: str | None
    value: float | None
    limit: float | None
    why: str


class GateDecision(Record, frozen=True, kw_only=True):
    """The answer of all gates of a stage.

    Attributes:
        reasons: every one that refused; empty when passed.
        skipped: gates that were not judged (too few rows, no incumbent), and why.
        held: what else was asked and holds (order of stages, approvals, ...), each with its evidence.
    """

    passed: bool
    reasons: tuple[Reason, ...] = ()
    skipped: tuple[Reason, ...] = ()
    held: tuple[Reason, ...] = ()


class Evidence(Record, frozen=True, kw_only=True):
    """What the gates look at: the parts of an evaluation that matter to them.

    Attributes:
        primary: the first metric, which must not be worse than the baseline's.
        champion: the comparison with the last version that was shown to be better, if that is another one.
        tries: candidates that have been compared with an incumbent on these test rows, this one included.
    """

    primary: str
    metrics: Mapping[str, Estimate]
    baseline: Mapping[str, Estimate]
    incumbent: IncumbentResult
    slices: Mapping[str, SliceResult]
    champion: IncumbentResult | None = None
    tries: int = 1


def decide(rules: Mapping[str, GateRule], evidence: Evidence) -> GateDecision:
    """Judge by the rules of a stage.

    Args:
        rules: by metric ("mae"), metric over every slice ("mae@slices") or over one ("mae@slice:night").
        evidence: of the candidate's evaluation.

    Differences are turned into harm (positive: the candidate is worse); h(q) is the q-quantile of its
    bootstrap distribution and c the rule's one-sided confidence::

        not_worse       refused where h(1 - c) > margin    there is evidence of harm beyond the margin
        non_inferior    refused unless h(c) <= margin      no evidence that the harm is within the margin
        superior        refused unless h(c) < -margin      no evidence of a gain beyond the margin

    `superior` speaks of recipes as well as of these two fits of them, so h is also that of the means over
    seeds, and without knowledge of the seeds' luck there is no evidence. Looking again costs: the k-th
    candidate that is tried on the same test rows spends 1/(k + 1) of what is left of the error of the two
    rules that ask for evidence, (1 - c) / (k (k + 1)), so that over all tries a wrong promotion is as likely
    as stated (Bonferroni's inequality; the sum over all k is 1 - c).

    A rule over "@slices" looks at many: its error is shared out among the slices that can be judged by Holm's
    step-down, so that over all of them it is the stated one.

    Every rule is judged, and every refusal is among the reasons. A metric that could not be computed for the
    candidate refuses (on a slice: unless the incumbent has none there either). Rules about the incumbent pass
    where the stage holds nothing yet; those that ask for evidence (the last two) refuse where there is none.
    """
    reasons: list[Reason] = []
    skipped: list[Reason] = []
    _baseline(evidence, reasons, skipped)
    for name, rule in rules.items():
        metric, _, where = name.partition("@")
        parts = list(_parts(where, evidence))
        errors = _shared_out(metric, rule, parts, evidence) if where == "slices" else {}
        for part in parts:
            error = errors.get(part, Share(error=_error(rule, evidence.tries)))
            _judge(metric, rule, (part, error), evidence, reasons, skipped)
    return GateDecision(passed=not reasons, reasons=tuple(reasons), skipped=tuple(skipped))


def asks_for_evidence(rule: GateRule) -> bool:
    """Whether a rule refuses unless there is evidence for the candidate; each try spends of its error."""
    return rule.incumbent in {"non_inferior", "superior"}


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one slice may spend of a rule's error.

    Attributes:
        error: the level of its test.
        slices: among which it was shared out; 1: it was not.
    """

    error: float
    slices: int = 1


def _parts(where: str, evidence: Evidence) -> Iterator[str | None]:
    if not where:
        yield None
    elif where == "slices":
        yield from evidence.slices
    else:
        yield where.removeprefix("slice:")


def _error(rule: GateRule, tries: int) -> float:
    """The error that a rule has, or has left at this try."""
    error = 1 - rule.confidence
    return error / (tries * (tries + 1)) if asks_for_evidence(rule) else error


def _shared_out(
    metric: str, rule: GateRule, parts: Sequence[str | None], evidence: Evidence
) -> dict[str | None, Share]:
    """The error of a rule over slices, shared out among those that can be judged."""
    found = {}
    for part in parts:
        if part is not None and evidence.slices[part].rows >= max(rule.min_rows, 1):
            differences = [evidence.slices[part].incumbent.get(metric)]
            if rule.incumbent == "superior":
                differences.append(evidence.slices[part].recipe.get(metric))
            chances = [_chance(metric, rule, one) for one in differences]
            known = [chance for chance in chances if chance is not None]
            if known and len(known) == len(chances):
                found[part] = max(known)
    shares = levels(found, _error(rule, evidence.tries))
    return {part: Share(error=error, slices=len(found)) for part, error in shares.items()}


def _chance(metric: str, rule: GateRule, difference: Difference | None) -> float | None:
    """The p of what a rule wants shown, harm or its absence; None where there is no comparison."""
    margin = _margin(rule, difference)
    if rule.incumbent is None or difference is None or not difference.quantiles or margin is None:
        return None
    harms = _harms(metric, difference.quantiles)
    if rule.incumbent == "not_worse":
        return level_of(harms, margin)
    return 1 - level_of(harms, margin if rule.incumbent == "non_inferior" else -margin)


def _baseline(evidence: Evidence, reasons: list[Reason], skipped: list[Reason]) -> None:
    own = _value(evidence.metrics.get(evidence.primary))
    base = _value(evidence.baseline.get(evidence.primary))
    if own is None:
        why = f"{evidence.primary} could not be computed, so the model cannot be compared with its baseline"
        reasons.append(Reason(gate=BASELINE, slice=None, value=None, limit=base, why=why))
    elif base is None:
        why = f"the baseline's {evidence.primary} is undefined on these rows"
        skipped.append(Reason(gate=BASELINE, slice=None, value=own, limit=None, why=why))
    elif harm(evidence.primary, _distance(evidence.primary, own, base)) > 0:
        said, other = apart(own, base)
        why = f"{evidence.primary} {said} is worse than the baseline's {other}"
        reasons.append(Reason(gate=BASELINE, slice=None, value=own, limit=base, why=why))


def _distance(metric: str, own: float, base: float) -> float:
    return abs(own) - abs(base) if METRICS[metric].better == "zero" else own - base


def _judge(
    metric: str,
    rule: GateRule,
    looked: tuple[str | None, Share],
    evidence: Evidence,
    reasons: list[Reason],
    skipped: list[Reason],
) -> None:
    """Judge one rule on all rows or on one slice, with what it may spend of the error."""
    part, share = looked
    if part is None:
        estimates, differences, rows = evidence.metrics, evidence.incumbent.metrics, None
        recipes = evidence.incumbent.recipe
    elif part in evidence.slices:
        found = evidence.slices[part]
        estimates, differences, rows = found.metrics, found.incumbent, found.rows
        recipes = found.recipe
    else:
        why = f"the evaluation has no slice {part!r}"
        reasons.append(Reason(gate=metric, slice=part, value=None, limit=None, why=why))
        return
    if rows is not None and rows < max(rule.min_rows, 1):
        why = f"{rows} rows, fewer than min_rows = {rule.min_rows}"
        skipped.append(
            Reason(gate=metric, slice=part, value=float(rows), limit=float(rule.min_rows), why=why)
        )
        return
    reasons.extend(_limits(metric, rule, part, estimates.get(metric)))
    if rule.incumbent is None:
        return
    if _value(estimates.get(metric)) is None and (
        part is None or _other(differences.get(metric)) is not None
    ):
        gate, why = f"{metric}.{rule.incumbent}", f"{metric} could not be computed"
        reasons.append(Reason(gate=gate, slice=part, value=None, limit=None, why=why))
    else:
        both = (differences.get(metric), recipes.get(metric))
        reasons.extend(_relative(metric, rule, (part, share), both, evidence, skipped))
        reasons.extend(_since_champion(metric, rule, (part, share), evidence))


def _limits(metric: str, rule: GateRule, part: str | None, estimate: Estimate | None) -> Iterator[Reason]:
    for kind, limit in (("max", rule.max), ("min", rule.min)):
        if limit is None:
            continue
        value = _value(estimate)
        gate = f"{metric}.{kind}"
        if value is None or estimate is None:
            why = f"{metric} could not be computed"
            yield Reason(gate=gate, slice=part, value=None, limit=limit, why=why)
        elif (value > limit) if kind == "max" else (value < limit):
            side = "above" if kind == "max" else "below"
            said, bound = apart(value, limit)
            why = f"{metric} {said}{_interval(estimate.low, estimate.high)} is {side} {bound}"
            yield Reason(gate=gate, slice=part, value=value, limit=limit, why=why)


def _relative(
    metric: str,
    rule: GateRule,
    looked: tuple[str | None, Share],
    differences: tuple[Difference | None, Difference | None],
    evidence: Evidence,
    skipped: list[Reason],
) -> Iterator[Reason]:
    """Judge by the difference of the two artefacts, and for `superior` by that of their recipes."""
    part = looked[0]
    gate, incumbent = f"{metric}.{rule.incumbent}", evidence.incumbent
    if incumbent.version is None:
        why = "the stage holds nothing yet"
        skipped.append(Reason(gate=gate, slice=part, value=None, limit=None, why=why))
        return
    difference, recipes = differences
    margin = _margin(rule, difference)
    if difference is None or difference.difference is None or not difference.quantiles or margin is None:
        cause = incumbent.why or f"{metric} is undefined for one of them"
        why = f"no comparison with version {incumbent.version}: {cause}"
        reason = Reason(gate=gate, slice=part, value=None, limit=None, why=why)
        if rule.incumbent == "not_worse":
            skipped.append(reason)
        else:
            yield reason
        return
    other = incumbent.version
    refused = _refusal(metric, rule, looked, difference, margin, evidence.tries, f"version {other}")
    if refused is None and rule.incumbent == "superior":
        if recipes is None or not recipes.quantiles:
            why = f"{_UNKNOWN} (`mlctl train --repeats 5`)"
            refused = Reason(gate=gate, slice=part, value=None, limit=None, why=why)
        else:
            means = f"version {other} (means over seeds)"
            refused = _refusal(metric, rule, looked, recipes, margin, evidence.tries, means)
    if refused is not None:
        yield refused


def _since_champion(
    metric: str, rule: GateRule, looked: tuple[str | None, Share], evidence: Evidence
) -> Iterator[Reason]:
    """Small losses do not add up: none beyond the rule since the last version that was shown to be better."""
    champion = evidence.champion
    if champion is None or looked[0] is not None or rule.incumbent == "superior":
        return
    found = champion.metrics.get(metric)
    margin = _margin(rule, found)
    if found is None or found.difference is None or not found.quantiles or margin is None:
        return
    told = f"version {champion.version}, the last that was shown to be better,"
    refused = _refusal(metric, rule, looked, found, margin, evidence.tries, told)
    if refused is not None:
        yield msgspec.structs.replace(refused, gate=f"{refused.gate} (champion)")


_UNKNOWN = "the luck of the seed is not known, so a gain could be that of one lucky fit"


def _refusal(
    metric: str,
    rule: GateRule,
    looked: tuple[str | None, Share],
    found: Difference,
    margin: float,
    tries: int,
    other: str,
) -> Reason | None:
    part, share = looked
    confidence = 1 - share.error
    bound, limit, refused = _verdict(metric, rule, found.quantiles, margin, confidence)
    if not refused or found.difference is None:
        return None
    signed = -bound if METRICS[metric].better == "higher" else bound
    shared = [f"try {tries} on these rows"] if asks_for_evidence(rule) else []
    shared += [f"one of {share.slices} slices"] if share.slices > 1 else []
    spent = f"; {', '.join(shared)}, of {rule.confidence:g} in all" if shared else ""
    why = (
        f"{metric} differs from {other} by {digits(found.difference, sign=True)}"
        f"{_interval(found.low, found.high)}: {_SAID[str(rule.incumbent)]}"
        f" (bound {digits(signed, sign=True)} at confidence {confidence:.4g}{spent}, margin {digits(margin)})"
    )
    return Reason(gate=f"{metric}.{rule.incumbent}", slice=part, value=signed, limit=limit, why=why)


_SAID = {
    "not_worse": "that is evidence of harm",
    "non_inferior": "no evidence that the loss is within the margin",
    "superior": "no evidence of a gain beyond the margin",
}


def _verdict(
    metric: str, rule: GateRule, quantiles: Sequence[float], margin: float, confidence: float
) -> tuple[float, float, bool]:
    """The bound in harm, the limit in the metric's own sign, and whether the rule refuses."""
    harms = _harms(metric, quantiles)
    sign = -1.0 if METRICS[metric].better == "higher" else 1.0
    if rule.incumbent == "not_worse":
        bound = quantile(harms, 1 - confidence)
        return bound, sign * margin, bound > margin
    bound = quantile(harms, confidence)
    if rule.incumbent == "non_inferior":
        return bound, sign * margin, bound > margin
    return bound, -sign * margin, bound >= -margin


def _harms(metric: str, quantiles: Sequence[float]) -> tuple[float, ...]:
    """The quantiles of the harm: positive is worse."""
    higher = METRICS[metric].better == "higher"
    return tuple(-value for value in reversed(quantiles)) if higher else tuple(quantiles)


def _margin(rule: GateRule, difference: Difference | None) -> float | None:
    """The margin in the metric's unit; None where it is relative to a value that is not known."""
    if not isinstance(rule.margin, str):
        return float(rule.margin)
    match = _PERCENT.match(rule.margin)
    if match is None:
        return float(rule.margin)
    if difference is None or difference.other is None:
        return None
    return abs(difference.other) * float(match[1]) / 100


def _other(difference: Difference | None) -> float | None:
    return None if difference is None else difference.other


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{digits(low)}, {digits(high)}]"

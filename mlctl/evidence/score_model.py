"""Items of the score for the model: what the record of one model shows of them."""

from collections.abc import Callable, Mapping
from itertools import combinations

from mlctl.domain.digits import digits
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.fairness import by_group
from mlctl.domain.metric import METRICS, harm, loss
from mlctl.domain.records import encode
from mlctl.domain.refs import model_version
from mlctl.domain.score import AUTOMATED, BY_HAND, Finding, Proof
from mlctl.domain.spec_gates import StageGates
from mlctl.evidence.lifetime import Lifetime, by_machine, forced, proof_of
from mlctl.evidence.verdicts import gates_digest
from mlctl.project.declared import gates_of
from mlctl.project.order import in_order, metric_order

_ENOUGH = 3
"""Points that a ranking needs, or sets of parameters that count as a search."""


def _first(life: Lifetime, evaluation: Evaluation) -> str:
    return next(iter(in_order(evaluation.metrics, metric_order(life.session, life.model))))


def _reviewed(life: Lifetime) -> Finding:
    """A clean commit, and the approval of somebody else."""
    run = life.run
    if run is None or run.code.commit is None:
        why = "the version was not made from a commit" if run else "there is no version"
        return Finding(points=0, why=why, next="mlctl status")
    if run.code.dirty:
        why = f"{life.label} was made from {run.code.commit[:12]} with changes that were not committed"
        return Finding(points=0, why=why, next=f"mlctl show run:{run.run}")
    submitted = Proof(
        kind="run", id=run.run, told=f"made from commit {run.code.commit[:12]}, nothing uncommitted"
    )
    ours = life.ours
    registered = life.made(model_version(life.model, life.number or 0))
    author = registered.actor.email if registered is not None else None
    given = ours.evidence.get("approvals", ()) if ours is not None and not forced(ours) else ()
    approved = [one for one in given if one["email"] != author]
    if ours is not None and approved:
        told = ", ".join(f"{one['email']} ({one['told']})" for one in approved)
        return Finding(
            points=AUTOMATED,
            why="made from a commit, and approved by somebody else",
            proofs=(submitted, proof_of(ours, f"approved by {told}")),
        )
    why = "made from a commit; nobody else has approved the version that was promoted"
    return Finding(points=BY_HAND, why=why, proofs=(submitted,), next="mlctl approve --help")


def _correlate(life: Lifetime) -> Finding:
    """The same metric at evaluation and in the monitor's windows, version by version."""
    offline = {life.number_of(one.model_digest): one for _, one in life.evaluations}
    online = {}
    for digest, report in life.reports:
        for window in report.windows:
            numbers = {life.number_of(one) for one in window.digests}
            seen = {name: one.value for name, one in window.performance.items() if one.value is not None}
            if seen and len(numbers) == 1 and (number := numbers.pop()) is not None:
                online[number] = (digest, seen)
    pairs = []
    for number, (report_digest, seen) in sorted(online.items()):
        evaluation = offline.get(number)
        if evaluation is not None and (metric := _first(life, evaluation)) in seen:
            value = evaluation.metrics[metric].value
            if value is not None:
                told = f"{life.model}@{number}: {metric} {digits(value)} before, {digits(seen[metric])} after"
                pairs.append((loss(metric, value), loss(metric, seen[metric]), report_digest, told))
    if not pairs:
        why = "no version has been measured both before and after deployment"
        return Finding(points=0, why=why, next=_watching(life))
    proofs = tuple(Proof(kind="report", id=digest, told=told) for _, _, digest, told in pairs[-_ENOUGH:])
    if len(pairs) < _ENOUGH:
        why = f"measured before and after for {len(pairs)} of the {_ENOUGH} versions that a ranking needs"
        return Finding(points=BY_HAND, why=why, proofs=proofs, next=_watching(life))
    agree = sum((a[0] - b[0]) * (a[1] - b[1]) > 0 for a, b in combinations(pairs, 2))
    of = len(pairs) * (len(pairs) - 1) // 2
    why = f"{agree} of {of} pairs of versions are in the same order before and after deployment"
    return Finding(points=AUTOMATED if 2 * agree > of else 0, why=why, proofs=proofs)


def _tuned(life: Lifetime) -> Finding:
    """Several sets of parameters on the same rows, of which the version has the best."""
    more = f"mlctl spec explain model.{life.model}.params"
    if not life.evaluated:
        return Finding(points=0, why="no version has been evaluated", next=more)
    metric = _first(life, life.evaluated[-1][1])
    best: dict[bytes, float] = {}
    for version, one in life.peers:
        found = one.metrics.get(metric)
        if found is not None and found.value is not None:
            key = encode([version.estimator, version.parameters])
            best[key] = min(best.get(key, float("inf")), loss(metric, found.value))
    told = f"{len(best)} sets of parameters were evaluated on the same rows"
    if len(best) < _ENOUGH or life.version is None:
        return Finding(points=0, why=f"{told}; {_ENOUGH} would be a search", next=more)
    own = best.get(encode([life.version.estimator, life.version.parameters]))
    proof = Proof(kind="evaluation", id=life.evaluated[-1][0], told=told)
    if own is None or own > min(best.values()):
        why = f"{told}, and {life.label} has not the best {metric} of them"
        return Finding(points=0, why=why, proofs=(proof,), next=f"mlctl models {life.model}")
    return Finding(points=BY_HAND, why=f"{life.label} has the best {metric} of them", proofs=(proof,))


def _age(life: Lifetime) -> Finding:
    """Versions compared, on the same rows, with one that had learnt from older rows."""
    proofs, moves = [], []
    for digest, one in life.evaluations:
        other = one.incumbent.digest
        if other is None or not one.incumbent.metrics or not life.is_here(other):
            continue
        newer, older = life.fact(one.model_digest).learnt_through, life.fact(other).learnt_through
        if newer is not None and older is not None and older < newer:
            metric = next(iter(in_order(one.incumbent.metrics, metric_order(life.session, life.model))))
            found = one.incumbent.metrics[metric].difference
            told = f"{metric} {digits(found, sign=True) if found is not None else 'unknown'}"
            told += f" for rows up to {newer[:10]} instead of {older[:10]}"
            proofs.append(Proof(kind="evaluation", id=digest, told=told))
            moves += [entry for entry in life.promotions if entry.evidence.get("evaluation") == digest]
    if not proofs:
        why = "no version was compared with one that had learnt from older rows"
        return Finding(points=0, why=why, next=f"mlctl train {life.model}")
    points = AUTOMATED if len(proofs) > 1 and by_machine(moves) else BY_HAND
    why = "newer and older versions were compared on the same rows"
    return Finding(points=points, why=why, proofs=tuple(proofs[-3:]))


def _simpler(life: Lifetime) -> Finding:
    """The baseline is worse, its whole interval."""
    if not life.evaluated:
        return Finding(points=0, why="no version has been evaluated", next=_evaluating(life))
    digest, one = life.evaluated[-1]
    metric = _first(life, one)
    found = one.baseline_difference.get(metric)
    if found is None or found.difference is None or found.low is None or found.high is None:
        return Finding(points=0, why="the baseline was not measured", next=_evaluating(life))
    told = f"{metric} minus the baseline's: {digits(found.difference, sign=True)}"
    told += f" [{digits(found.low)}, {digits(found.high)}]"
    proof = Proof(kind="evaluation", id=digest, told=told)
    worst = max(harm(metric, found.low), harm(metric, found.high))
    if worst >= 0:
        why = "the baseline may be as good: the interval of the difference holds 0"
        return Finding(points=0, why=why, proofs=(proof,), next=_evaluating(life))
    ours = life.ours
    if ours is None or forced(ours):
        why = "better than the baseline; no promotion has asked for that"
        return Finding(points=BY_HAND, why=why, proofs=(proof,), next=_promoting(life))
    proofs = (proof, proof_of(ours, "passed the gates, of which the baseline is one"))
    return Finding(points=AUTOMATED, why="better than the baseline, and every promotion asks", proofs=proofs)


def _slices(life: Lifetime) -> Finding:
    """Metrics by slice, and gates over them that were in force at the promotion."""
    more = f"mlctl spec explain model.{life.model}.eval"
    sliced = [(digest, one) for digest, one in life.evaluated if any(s.rows for s in one.slices.values())]
    if not sliced:
        return Finding(points=0, why="no evaluation has measured a declared slice", next=more)
    digest, one = sliced[-1]
    told = ", ".join(f"{name} ({part.rows} rows)" for name, part in list(one.slices.items())[:4])
    proof = Proof(kind="evaluation", id=digest, told=told)
    ours = life.ours
    passed = life.passed_on
    gated = passed is not None and _judged_slices(life, passed)
    if ours is None or not gated:
        why = "slices were measured; no gate on them was in force when the version was promoted"
        return Finding(
            points=BY_HAND, why=why, proofs=(proof,), next=f"mlctl spec explain model.{life.model}.gates"
        )
    proofs = (proof, proof_of(ours, "gates on slices were in force"))
    return Finding(points=AUTOMATED, why="slices were measured, and gates judge them", proofs=proofs)


def _fair(life: Lifetime) -> Finding:
    """Groups compared, and gates on the gaps between them that were in force at the promotion."""
    compared = [(digest, one) for digest, one in life.evaluated if any(f.gaps for f in one.fairness.values())]
    if not compared:
        why = "no evaluation has compared groups (eval.fairness)"
        return Finding(points=0, why=why, next=f"mlctl spec explain model.{life.model}.eval")
    digest, one = compared[-1]
    gaps = (
        f"{name} by {column} {digits(gap.difference.value)}"
        for column, fair in one.fairness.items()
        for name, gap in fair.gaps.items()
        if gap.difference.value is not None
    )
    proof = Proof(kind="evaluation", id=digest, told=", ".join(gaps))
    ours = life.ours
    gates, passed = _gates_passed(life), life.passed_on
    judged = gates is not None and any(by_group(key) for key in gates.rules)
    if ours is None or passed is None or not passed.fairness or not judged:
        why = "groups were compared; no gate on the gap between them was in force at the promotion"
        return Finding(
            points=BY_HAND, why=why, proofs=(proof,), next=f"mlctl spec explain model.{life.model}.gates"
        )
    proofs = (proof, proof_of(ours, "a gate on the gap between groups was in force"))
    return Finding(points=AUTOMATED, why="groups were compared, and a gate judges the gap", proofs=proofs)


def _gates_passed(life: Lifetime) -> StageGates | None:
    """Today's gates of the stage, if they are those that the promotion passed."""
    gates = gates_of(life.session, life.model, life.stage)
    in_force = life.ours is not None and str(life.ours.evidence.get("gates")) == gates_digest(gates)
    return gates if in_force else None


def _judged_slices(life: Lifetime, one: Evaluation) -> bool:
    """Whether the gates that the promotion passed could judge one of the slices that it was shown."""
    gates = _gates_passed(life)
    if gates is None:
        return False
    compared = bool(one.incumbent.metrics)
    for key, rule in gates.rules.items():
        metric, at, part = key.partition("@")
        named = part.removeprefix("slice:")
        able = rule.max is not None or rule.min is not None or compared
        if at and metric in METRICS and able:
            parts = one.slices if part == "slices" else {named: one.slices.get(named)}
            if any(found is not None and found.rows >= max(rule.min_rows, 1) for found in parts.values()):
                return True
    return False


def _evaluating(life: Lifetime) -> str:
    return f"mlctl train {life.model}" if life.number is None else f"mlctl eval {life.label}"


def _promoting(life: Lifetime) -> str:
    return f"mlctl promote {life.label} --to {life.stage}" if life.number else f"mlctl train {life.model}"


def _watching(life: Lifetime) -> str:
    return f"mlctl monitor {life.model}@{life.stage}" if life.staged else _promoting(life)


JUDGES: Mapping[str, Callable[[Lifetime], Finding]] = {
    "model_1": _reviewed,
    "model_2": _correlate,
    "model_3": _tuned,
    "model_4": _age,
    "model_5": _simpler,
    "model_6": _slices,
    "model_7": _fair,
}
"""By item; of the others only people know."""

"""Items of the score for monitoring: what the record of one model shows of them."""

from collections.abc import Callable, Mapping

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.digits import digits
from mlctl.domain.monitoring import WindowReport
from mlctl.domain.score import AUTOMATED, BY_HAND, Finding, Proof
from mlctl.evidence.lifetime import Lifetime, by_machine, forced, proof_of


def _upstream(life: Lifetime) -> Finding:
    """Sources of its data were asked for changes."""
    found = []
    for digest in life.version.datasets if life.version is not None else ():
        if life.session.repository.facts.has(DatasetVersion, digest):
            name = life.session.repository.facts.get(DatasetVersion, digest).name
            for full, effects in life.names.effects.items():
                if full.startswith(f"datasets/{name}/"):
                    found += [life.entry(effect.number) for effect in effects]
    asked = [entry for entry in found if entry.kind == "data update"]
    if not asked:
        why = "no change of the data's sources was ever noticed (data import, data update)"
        return Finding(points=0, why=why, next="mlctl data update --help")
    proofs = tuple(proof_of(entry, "a source had changed") for entry in asked[-3:])
    if by_machine(asked):
        return Finding(points=AUTOMATED, why="a machine asks the sources of its data", proofs=proofs)
    why = "sources of its data were asked by hand"
    return Finding(points=BY_HAND, why=why, proofs=proofs, next="mlctl data update --check")


def _watched(life: Lifetime, counts: Callable[[WindowReport], str], what: str, missing: str) -> Finding:
    """Reports with windows that count; those of one day are one, so that to look twice is no habit."""
    found: dict[str, tuple[str, WindowReport]] = {}
    for digest, report in life.reports:
        good = [one for one in life.windows(report) if counts(one)]
        if good:
            found[report.created_at[:10]] = (digest, good[-1])
    if not found:
        return Finding(points=0, why=missing, next=_watching(life))
    proofs = tuple(
        Proof(kind="report", id=digest, told=f"{window.start[:10]} to {window.end[:10]}: {counts(window)}")
        for digest, window in list(found.values())[-3:]
    )
    if len(found) > 1:
        return Finding(points=AUTOMATED, why=f"{what} on {len(found)} days", proofs=proofs)
    why = f"{what} on one day; not yet again with newer answers"
    return Finding(points=BY_HAND, why=why, proofs=proofs, next=_watching(life))


def _invariants(life: Lifetime) -> Finding:
    """Served rows held against ranges, types, missing values and declared checks."""

    def counts(window: WindowReport) -> str:
        alarms = [alarm for alarm in window.alarms if alarm.type == "quality"]
        return f"{window.rows} rows judged, {len(alarms)} alarms of quality" if window.drift else ""

    missing = "no complete window of served rows has been judged"
    return _watched(life, counts, "what must hold of inputs was checked", missing)


def _skew(life: Lifetime) -> Finding:
    """Columns as served beside those of the reference."""

    def counts(window: WindowReport) -> str:
        if not window.drift:
            return ""
        moved = sum(one.drifted for one in window.drift)
        return f"{len(window.drift)} columns beside the training rows, {moved} differ"

    missing = "no complete window of served rows has been compared with the training rows"
    return _watched(life, counts, "served features were compared with those of training", missing)


def _quality(life: Lifetime) -> Finding:
    """Metrics on served rows whose truth has come."""

    def counts(window: WindowReport) -> str:
        known = {name: one.value for name, one in window.performance.items() if one.value is not None}
        if not known or not window.labelled:
            return ""
        metric, value = next(iter(known.items()))
        return f"{metric} {digits(value)} on {window.labelled} labelled rows"

    missing = "no window of served rows has labels enough to be measured"
    return _watched(life, counts, "the quality of answers was measured", missing)


def _stale(life: Lifetime) -> Finding:
    """Promotions that brought newer rows, or a gate on age."""
    more = f"mlctl spec explain model.{life.model}.gates"
    ours = life.ours
    if ours is not None and not forced(ours):
        held = [one for one in ours.evidence.get("held", ()) if one.get("gate") == "age"]
        if held:
            proof = proof_of(ours, held[0]["why"])
            return Finding(points=AUTOMATED, why="a gate on its age has held", proofs=(proof,))
    renewed, newest = [], ""
    for entry in life.promotions:
        for change in entry.changes:
            if change.name.startswith("stages/") and change.new is not None and life.is_here(change.new):
                through = life.fact(change.new).learnt_through or ""
                if newest and through > newest:
                    renewed.append((entry, f"learnt up to {through[:10]} instead of {newest[:10]}"))
                newest = max(newest, through)
    if not renewed:
        why = "no promotion has brought a model that had learnt from newer rows"
        return Finding(
            points=0, why=why, next=f"mlctl loop {life.model} --once --dry-run" if life.staged else more
        )
    proofs = tuple(proof_of(entry, told) for entry, told in renewed[-3:])
    if by_machine(entry for entry, _ in renewed):
        return Finding(points=AUTOMATED, why="a machine renews it", proofs=proofs)
    return Finding(points=BY_HAND, why="it was renewed by hand", proofs=proofs, next=more)


_MEASURED = frozenset({"latency_ms", "memory_mb", "size_mb"})
"""Gates on what a model costs where it serves."""


def _speed(life: Lifetime) -> Finding:
    """Size and latency, measured with the evaluation, and gates on them."""
    more = f"mlctl spec explain model.{life.model}.gates"
    ours = life.ours
    if ours is not None and not forced(ours):
        held = [one for one in ours.evidence.get("held", ()) if one.get("gate") in _MEASURED]
        if held:
            proofs = tuple(proof_of(ours, one["why"]) for one in held)
            why = "gates on size or speed have held"
            return Finding(points=AUTOMATED, why=why, proofs=proofs)
    timed = [(digest, one.in_use) for digest, one in life.evaluated if one.in_use is not None]
    if not timed or timed[-1][1].latency_ms is None:
        next_ = f"mlctl train {life.model}" if life.number is None else f"mlctl eval {life.label}"
        return Finding(points=0, why="its size and speed were never measured", next=next_)
    proof = Proof(kind="evaluation", id=timed[-1][0], told=timed[-1][1].told)
    why = "size and speed were measured; no gate on them has held at a promotion"
    return Finding(points=BY_HAND, why=why, proofs=(proof,), next=more)


def _watching(life: Lifetime) -> str:
    if life.staged:
        return f"mlctl monitor {life.model}@{life.stage}"
    if life.number is None:
        return f"mlctl train {life.model}"
    return f"mlctl promote {life.label} --to {life.stage}"


JUDGES: Mapping[str, Callable[[Lifetime], Finding]] = {
    "monitor_1": _upstream,
    "monitor_2": _invariants,
    "monitor_3": _skew,
    "monitor_4": _stale,
    "monitor_6": _speed,
    "monitor_7": _quality,
}
"""By item; of the others only people know."""

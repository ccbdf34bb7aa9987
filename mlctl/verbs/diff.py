"""`mlctl diff`: what two runs differ in, inputs first, then metrics; nothing that is equal."""

from collections.abc import Iterator

import msgspec

from mlctl.domain.evaluation import IncumbentResult
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.diff import Change, Compared, DiffRequest, DiffResult, MetricChange
from mlctl.domain.run import Run
from mlctl.project.engines import engine
from mlctl.project.session import Session
from mlctl.reproduction.differences import changes_between, run_named


def diff(session: Session, request: DiffRequest) -> Outcome[DiffResult]:
    """Compare two runs, each named by itself or by the model version that it made."""
    old = run_named(session, request.old)
    new = run_named(session, request.new or old[0].model)
    before, after = old[1], new[1]
    changes = tuple(changes_between(session, before, after))
    asked = _asked_otherwise(session, before, after, changes)
    metrics = tuple(_metrics(before, after, alike=not asked, costs=_costs_moved(changes)))
    why = asked or _measured_otherwise(changes)
    apart = _apart(session, old, new) if not why and metrics else None
    data = DiffResult(
        old=old[0],
        new=new[0],
        changes=changes,
        metrics=tuple(_with_interval(one, apart) for one in metrics),
        comparable=not why,
        different=bool(changes or metrics),
        apart=apart,
        why=why,
    )
    return Outcome(data=data, next=_next(old[0], new[0], inputs=bool(changes)))


def _asked_otherwise(session: Session, old: Run, new: Run, changes: tuple[Change, ...]) -> str:
    """What the two predict, where that differs: by their models, or by the spec where one has made none."""
    sides = [session.repository.facts.where(ModelVersion, run=run.run) for run in (old, new)]
    if all(sides):
        one, other = (found[0][1].signature for found in sides)
        if one.asks_as(other):
            return ""
        if one.predicts != other.predicts:
            return f"of {one.predicts} and {other.predicts}"
        told = ", ".join(one.classes), ", ".join(other.classes)
        return f"of the classes {told[0]} and {told[1]}"
    keys = [name for name in ("target", "task", "quantile", "positive") if name in _spec_keys(changes)]
    return f"of another {keys[0]}" if keys else ""


def _measured_otherwise(changes: tuple[Change, ...]) -> str:
    keys = _spec_keys(changes)
    if "split" in keys or any(change.kind in {"data", "rows"} for change in changes):
        return "on other rows"
    return "by other weights" if "weight" in keys else ""


def _spec_keys(changes: tuple[Change, ...]) -> set[str]:
    return {change.name.partition(".")[0] for change in changes if change.kind == "spec"}


def _apart(session: Session, old: tuple[Compared, Run], new: tuple[Compared, Run]) -> IncumbentResult | None:
    """Whether noise alone may make the difference; None where a run made no version."""
    sides = []
    for told, run in (old, new):
        made = session.repository.facts.where(ModelVersion, run=run.run)
        tested = [digest for digest, one in made if one.refit_of is None and one.level == 1.0]
        if told.version is None or not tested:
            return None
        sides.append({"label": told.label, "number": told.version, "digest": tested[0], "run": run})
    telling = engine("telling_apart")
    found: IncumbentResult | None = telling.told_apart(session, *(telling.Side(**side) for side in sides))
    return found


def _with_interval(change: MetricChange, apart: IncumbentResult | None) -> MetricChange:
    found = (apart.recipe or apart.metrics).get(change.name) if apart is not None else None
    if found is None:
        return change
    return msgspec.structs.replace(change, low=found.low, high=found.high)


def _next(old: Compared, new: Compared, *, inputs: bool) -> tuple[str, ...]:
    if new.version is None or old.label == new.label:
        return ()
    why = (f"mlctl why {old.label} {new.label}",) if inputs else ()
    return (f"mlctl eval {new.label}", *why)


def _costs_moved(changes: tuple[Change, ...]) -> bool:
    """Whether wrong answers cost something in both, and not the same."""
    names = {"eval.costs.false_positive", "eval.costs.false_negative"}
    return any(one.name in names and None not in {one.old, one.new} for one in changes)


def _metrics(old: Run, new: Run, *, alike: bool, costs: bool) -> Iterator[MetricChange]:
    for name in dict.fromkeys((*old.metrics, *new.metrics)):
        one, other = old.metrics.get(name), new.metrics.get(name)
        if one != other:
            other_unit = costs and name.removeprefix("baseline.") == "cost"
            gap = None if one is None or other is None or not alike or other_unit else other - one
            why = "by other costs: not to be compared" if other_unit else ""
            yield MetricChange(name=name, old=one, new=other, difference=gap, why=why)

"""`mlctl diff`: what two runs differ in, inputs first, then metrics; nothing that is equal."""

from collections.abc import Iterator

import msgspec

from mlctl.domain.evaluation import IncumbentResult
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.diff import Compared, DiffRequest, DiffResult, MetricChange
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
    metrics = tuple(_metrics(before, after))
    moved = {change.kind for change in changes if change.kind in {"data", "rows"}}
    judged = {"split", "weight"}
    other = any(change.kind == "spec" and change.name.partition(".")[0] in judged for change in changes)
    comparable = not moved and not other
    apart = _apart(session, old, new) if comparable and metrics else None
    data = DiffResult(
        old=old[0],
        new=new[0],
        changes=changes,
        metrics=tuple(_with_interval(one, apart) for one in metrics),
        comparable=comparable,
        different=bool(changes or metrics),
        apart=apart,
    )
    return Outcome(data=data, next=_next(old[0], new[0], inputs=bool(changes)))


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


def _metrics(old: Run, new: Run) -> Iterator[MetricChange]:
    for name in dict.fromkeys((*old.metrics, *new.metrics)):
        one, other = old.metrics.get(name), new.metrics.get(name)
        if one != other:
            gap = None if one is None or other is None else other - one
            yield MetricChange(name=name, old=one, new=other, difference=gap)

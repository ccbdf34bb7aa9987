"""`mlctl diff`: what two runs differ in, inputs first, then metrics; nothing that is equal."""

from collections.abc import Iterator

from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.diff import Compared, DiffRequest, DiffResult, MetricChange
from mlctl.domain.run import Run
from mlctl.verbs.differences import changes_between, run_named
from mlctl.verbs.session import Session


def diff(session: Session, request: DiffRequest) -> Outcome[DiffResult]:
    """Compare two runs, each named by itself or by the model version that it made."""
    old = run_named(session, request.old)
    new = run_named(session, request.new or old[0].model)
    before, after = old[1], new[1]
    changes = tuple(changes_between(session, before, after))
    metrics = tuple(_metrics(before, after))
    moved = {change.kind for change in changes if change.kind in {"data", "rows"}}
    split = any(change.kind == "spec" and change.name.partition(".")[0] == "split" for change in changes)
    data = DiffResult(
        old=old[0],
        new=new[0],
        changes=changes,
        metrics=metrics,
        comparable=not moved and not split,
        different=bool(changes or metrics),
    )
    return Outcome(data=data, next=_next(old[0], new[0]))


def _next(old: Compared, new: Compared) -> tuple[str, ...]:
    if new.version is None or old.label == new.label:
        return ()
    return (f"mlctl eval {new.label}",)


def _metrics(old: Run, new: Run) -> Iterator[MetricChange]:
    for name in dict.fromkeys((*old.metrics, *new.metrics)):
        one, other = old.metrics.get(name), new.metrics.get(name)
        if one != other:
            gap = None if one is None or other is None else other - one
            yield MetricChange(name=name, old=one, new=other, difference=gap)

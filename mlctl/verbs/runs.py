"""`mlctl runs`: the runs, filtered and sorted; those whose process died are shown as killed.

A disposable table of the store answers most questions without reading a run; what SQL cannot say is asked of
its lines in Python, and means the same.
"""

from collections.abc import Iterator, Mapping

from mlctl.domain.errors import UsageError
from mlctl.domain.expression import Node, names_of, parse
from mlctl.domain.expression_tokens import ExpressionError
from mlctl.domain.folds import spreads
from mlctl.domain.listing import holds, sort_key
from mlctl.domain.nearest import nearest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.runs import RunRow, RunsRequest, RunsResult
from mlctl.domain.run import own_metrics
from mlctl.project.order import in_order, metric_order
from mlctl.project.session import Session
from mlctl.store.run_table import RunLine, flat


def runs(session: Session, request: RunsRequest) -> Outcome[RunsResult]:
    """List the runs, newest first.

    Raises:
        UsageError: the expression or the name to sort by makes no sense.
    """
    table = session.repository.run_table
    lost = [line for line in _killed(session) if request.model in {None, line.model}]
    known = {*table.names(), *(name for line in lost for name in flat(line)), "version"}
    condition = None if request.where is None else _condition(request.where, known)
    if request.sort is not None:
        _known(request.sort.removeprefix("-"), known, "--sort")
    wanted = request.limit + 1 if request.limit else 0
    found = table.select(model=request.model, where=condition, sort=request.sort, limit=wanted)
    numbers: dict[str, int | None] = {}
    if found is None:
        found = table.select(model=request.model, where=None, sort=None, limit=0) or ([], 0)
        numbers = _numbers(session, found[0])
    lines, total = found
    lines += lost
    if lost or numbers:
        lines = _chosen(lines, numbers, condition, request.sort)
    more = bool(request.limit) and len(lines) > request.limit
    lines = lines[: request.limit] if request.limit else lines
    numbers = numbers or _numbers(session, lines)
    data = RunsResult(runs=tuple(_rows(session, lines, numbers)), total=total + len(lost), more=more)
    return Outcome(data=data, next=() if data.total else ("mlctl train",))


def _chosen(
    lines: list[RunLine], numbers: Mapping[str, int | None], condition: Node | None, sort: str | None
) -> list[RunLine]:
    """Those of which the condition is true, in order: what SQL says of most questions."""
    lines = sorted(lines, key=lambda line: (line.started, line.run), reverse=True)
    values = {line.run: {**flat(line), "version": numbers.get(line.run)} for line in lines}
    if condition is not None:
        lines = [line for line in lines if holds(condition, values[line.run])]
    if sort is None:
        return lines
    name = sort.removeprefix("-")
    present = [line for line in lines if values[line.run].get(name) is not None]
    absent = [line for line in lines if values[line.run].get(name) is None]
    present.sort(key=lambda line: sort_key(values[line.run], name), reverse=sort.startswith("-"))
    return present + absent


def _numbers(session: Session, lines: list[RunLine]) -> dict[str, int | None]:
    """Run id to the number of the version that it made, or None."""
    made = session.repository.index.values("models", "run", {line.run for line in lines})
    numbers = session.repository.decisions.names().numbers_of("models", {digest for digest, _ in made})
    found: dict[str, int | None] = {line.run: None for line in lines}
    for digest, run in made:
        found[run] = numbers.get(digest) if found[run] is None else found[run]
    return found


def _rows(session: Session, lines: list[RunLine], numbers: Mapping[str, int | None]) -> Iterator[RunRow]:
    names = session.repository.decisions.names()
    labels = {
        digest: f"{name.split('/')[1]}@{name.split('/')[2]}"
        for name, digest in names.under("datasets/").items()
    }
    order = {model: metric_order(session, model) for model in {line.model for line in lines}}
    for line in lines:
        yield RunRow(
            run=line.run,
            model=line.model,
            version=numbers.get(line.run),
            purpose=line.purpose,
            status=line.status,
            started=line.started,
            seconds=line.seconds,
            seed=line.seed,
            params=line.params,
            metrics=in_order(own_metrics(line.metrics), order[line.model]),
            data=[labels.get(digest, digest[:12]) for digest in line.data],
            code={}
            if line.status == "killed" and not line.data
            else {"commit": line.commit, "dirty": line.dirty},
            error=line.error,
            folds=in_order(spreads(line.metrics), order[line.model]),
        )


def _killed(session: Session) -> list[RunLine]:
    """Runs whose process died without a word."""
    return [
        RunLine(
            run=lost.run,
            model=lost.about.get("model", ""),
            purpose=lost.about.get("purpose", ""),
            status="killed",
            started=lost.about.get("started_at", ""),
            seconds=0.0,
            seed=0,
            params={},
            metrics={},
            data=(),
            commit=None,
            dirty=False,
            error=lost.why,
        )
        for lost in session.repository.runs.killed()
    ]


def _condition(text: str, known: set[str]) -> Node:
    try:
        node = parse(text)
    except ExpressionError as error:
        raise UsageError(f"-s {text!r}: {error}", "mlctl runs --help", text=text) from None
    for name in names_of(node):
        _known(name.name, known, f"-s {text!r}")
    return node


def _known(name: str, known: set[str], where: str) -> None:
    if name in known:
        return
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else ""
    raise UsageError(
        f"{where}: no run has a field, metric or parameter {name!r}{guess}", "mlctl runs", name=name
    )

"""`mlctl runs`: the runs, filtered and sorted; those whose process died are shown as killed."""

from typing import Any

import msgspec

from mlctl.domain.decision import Names
from mlctl.domain.errors import UsageError
from mlctl.domain.expression import names_of, parse
from mlctl.domain.expression_tokens import ExpressionError
from mlctl.domain.folds import MEAN, SPREAD, spreads
from mlctl.domain.ids import Digest
from mlctl.domain.listing import holds, sort_key
from mlctl.domain.model import ModelVersion
from mlctl.domain.nearest import nearest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.runs import RunRow, RunsRequest, RunsResult
from mlctl.domain.run import Run
from mlctl.verbs.order import in_order, metric_order
from mlctl.verbs.recipe import split_metrics
from mlctl.verbs.resuming import why_unfinished
from mlctl.verbs.session import Session

_FIELDS = ("run", "model", "version", "purpose", "status", "started", "seconds", "seed", "commit", "dirty")


def runs(session: Session, request: RunsRequest) -> Outcome[RunsResult]:
    """List the runs, newest first.

    Raises:
        UsageError: the expression or the name to sort by makes no sense.
    """
    rows = [*_killed(session), *_recorded(session)]
    if request.model is not None:
        rows = [row for row in rows if row.model == request.model]
    rows.sort(key=lambda row: (row.started, row.run), reverse=True)
    total = len(rows)
    values = [_flat(row) for row in rows]
    known = {*_FIELDS, *(name for row in values for name in row)}
    if request.where is not None:
        condition = _condition(request.where, known)
        rows = [row for row, value in zip(rows, values, strict=True) if holds(condition, value)]
    if request.sort is not None:
        name = request.sort.removeprefix("-")
        _known(name, known, "--sort")
        present = [row for row in rows if _flat(row).get(name) is not None]
        absent = [row for row in rows if _flat(row).get(name) is None]
        present.sort(key=lambda row: sort_key(_flat(row), name), reverse=request.sort.startswith("-"))
        rows = present + absent
    shown = tuple(rows[: request.limit] if request.limit else rows)
    return Outcome(data=RunsResult(runs=shown, total=total), next=() if total else ("mlctl train",))


def _flat(row: RunRow) -> dict[str, Any]:
    """A run's fields, metrics and parameters by name: "mae" and "metrics.mae", "max_iter" and so on.

    Of a cross-validation "folds.mae" is the mean and "spread.mae" the standard deviation.
    """
    found: dict[str, Any] = {}
    for group, entries in (("params", row.params), ("metrics", row.metrics)):
        for name, value in entries.items():
            found[name] = value
            found[f"{group}.{name}"] = value
    for name, spread in row.folds.items():
        found |= {f"{MEAN}{name}": spread.mean, f"{SPREAD}{name}": spread.spread}
    fields = msgspec.structs.asdict(row)
    found |= {name: fields[name] for name in _FIELDS if name in fields}
    return found | {"commit": row.code.get("commit"), "dirty": row.code.get("dirty")}


def _recorded(session: Session) -> list[RunRow]:
    names = session.repository.decisions.names()
    numbers = _numbers(session, names)
    labels = _labels(names)
    found = [run for _, run in session.repository.facts.all(Run)]
    order = {model: metric_order(session, model) for model in {run.model for run in found}}
    return [_row(run, numbers.get(run.run), labels, order[run.model]) for run in found]


def _numbers(session: Session, names: Names) -> dict[str, int]:
    """Run id to version number, of the versions that have one."""
    found: dict[str, int] = {}
    for name, digest in names.under("models/").items():
        version = session.repository.facts.get(ModelVersion, digest)
        found[version.run] = int(name.split("/")[2])
    return found


def _labels(names: Names) -> dict[str, str]:
    """Dataset digest to "rides@1"."""
    return {
        digest: f"{name.split('/')[1]}@{name.split('/')[2]}"
        for name, digest in names.under("datasets/").items()
    }


def _row(run: Run, number: int | None, labels: dict[str, str], order: tuple[str, ...]) -> RunRow:
    return RunRow(
        run=run.run,
        model=run.model,
        version=number,
        purpose=run.purpose,
        status=run.status,
        started=run.started_at,
        seconds=run.seconds,
        seed=run.seed,
        params=run.parameters,
        metrics=in_order(split_metrics(run)[0], order),
        data=[labels.get(use.digest, Digest(use.digest)[:12]) for use in run.data],
        code={"commit": run.code.commit, "dirty": run.code.dirty},
        error=run.error,
        folds=in_order(spreads(run.metrics), order),
    )


def _killed(session: Session) -> list[RunRow]:
    """Runs whose process died without a word."""
    return [
        RunRow(
            run=lost.run,
            model=lost.about.get("model", ""),
            version=None,
            purpose=lost.about.get("purpose", ""),
            status="killed",
            started=lost.about.get("started_at", ""),
            seconds=0.0,
            seed=0,
            params={},
            metrics={},
            data=[],
            code={},
            error=why_unfinished(lost),
        )
        for lost in session.repository.runs.killed()
    ]


def _condition(text: str, known: set[str]) -> Any:
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

"""`mlctl show`: one thing in full, with what it belongs with."""

from typing import Any

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import NotFound
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import approvals
from mlctl.domain.requests.show import ShowRequest, ShowResult
from mlctl.domain.run import Run
from mlctl.domain.sharing import spoken
from mlctl.evidence.approvals import Approval, approval_told, approvals_of, rules_for
from mlctl.evidence.reproduced import reproductions_of, reproductions_told
from mlctl.evidence.trust import told
from mlctl.project.order import in_order, metric_order
from mlctl.project.resolve import (
    DatasetFound,
    DecisionFound,
    FactFound,
    Found,
    ModelFound,
    PredictionFound,
    RunFound,
    resolve,
)
from mlctl.project.session import Session
from mlctl.store.removed import removal_of
from mlctl.training.unfinished import told_by, unfinished


def show(session: Session, request: ShowRequest) -> Outcome[ShowResult]:
    """Everything that is kept of what the selector means.

    Raises:
        NotFound, Ambiguous, InvalidName: the selector means nothing, or several things.
    """
    try:
        found = resolve(session, request.selector)
    except NotFound:
        going_on = unfinished(session, request.selector)
        if going_on is None:
            raise
        return Outcome(data=going_on)
    names = session.repository.decisions.names()
    return Outcome(data=_described(session, names, found))


def _described(session: Session, names: Names, found: Found) -> ShowResult:
    related: dict[str, Any]
    match found:
        case ModelFound():
            title = f"{found.model}@{found.number}"
            return _result("model", title, found.digest, found.version, _around_model(session, names, found))
        case DatasetFound():
            users = [
                f"{version.model}@{names.number_of(f'models/{version.model}', digest)}"
                for digest, version in session.repository.facts.all(ModelVersion)
                if found.digest in version.datasets and names.number_of(f"models/{version.model}", digest)
            ]
            decision = names.last_effect(f"datasets/{found.name}/{found.number}")
            related = {"decision": decision, "models": sorted(set(users))}
            return _result("dataset", f"{found.name}@{found.number}", found.digest, found.version, related)
        case RunFound():
            related = {
                "models": _versions_of(session, names, found.run),
                "datasets": [_label(names, use.name, use.digest) for use in found.run.data],
                "reproductions": reproductions_told(reproductions_of(session, found.run.run)),
                "removed": _removed(session, found.digest),
            }
            order = metric_order(session, found.run.model)
            related |= told_by(session.repository.objects, found.run)
            run = msgspec.structs.replace(found.run, metrics=in_order(found.run.metrics, order))
            return _result("run", f"run {found.run.run}", found.digest, run, related)
        case DecisionFound():
            entry = found.committed.entry
            given = approval_told(session, names, entry)
            undone = any(item.number == entry.number for item in names.undone)
            return _result(
                "decision",
                f"decision {spoken(entry.number)}",
                found.committed.sha256,
                entry,
                {"undone": undone, **({"approval": given.vouched} if given else {})},
            )
        case PredictionFound():
            title = f"prediction {found.prediction}"
            return _result("prediction", title, None, found.row, {"model": found.model})
        case FactFound():
            return _result(
                found.fact.kind, f"{found.fact.kind} {found.digest[:12]}", found.digest, found.fact, {}
            )


def _result(kind: str, title: str, digest: str | None, record: Any, related: dict[str, Any]) -> ShowResult:
    built = msgspec.to_builtins(record, builtin_types=())
    return ShowResult(kind=kind, title=title, digest=digest, record=built, related=related)


def _around_model(session: Session, names: Names, found: ModelFound) -> dict[str, Any]:
    held = (found.digest, *([found.version.refit_of] if found.version.refit_of else []))
    evaluations = session.repository.facts.where(Evaluation, model=found.model)
    own = [(digest, fact) for digest, fact in evaluations if fact.model_digest in held]
    family = f"models/{found.model}/{found.number}"
    order = metric_order(session, found.model)
    runs = session.repository.facts.where(Run, run=found.version.run)
    stages = [
        name.split("/")[2]
        for name, value in names.under(f"stages/{found.model}/").items()
        if names.number_of(f"models/{found.model}", value) == found.number
    ]
    return {
        "run": found.version.run,
        "loading": told(session, found.version),
        "decision": names.last_effect(family),
        "tested": names.value(family),
        "refit": names.value(f"{family}/refit"),
        "stages": stages,
        "decided": [_decided(session, names, found.model, stage) for stage in stages],
        "approvals": [
            {**msgspec.to_builtins(one), "vouched": one.vouched} for one in _approved(session, names, found)
        ],
        "parameters": runs[-1][1].parameters if runs else {},
        "seed": runs[-1][1].seed if runs else None,
        "code": msgspec.to_builtins(runs[-1][1].code) if runs else None,
        "datasets": _datasets(session, names, found.version),
        "evaluations": [
            {
                "digest": digest,
                "created": fact.created_at,
                "rows": fact.rows,
                "verdict": fact.incumbent.verdict,
                "in_use": fact.in_use.told if fact.in_use is not None else None,
                "metrics": {name: estimate.value for name, estimate in in_order(fact.metrics, order).items()},
            }
            for digest, fact in own
        ],
        "removed": _removed(session, found.digest),
        "reproductions": reproductions_told(
            [one for one in reproductions_of(session, found.version.run) if one[1].version in held]
        ),
    }


def _approved(session: Session, names: Names, found: ModelFound) -> tuple[Approval, ...]:
    tested = names.value(f"models/{found.model}/{found.number}")
    if tested is None:
        return ()
    stages = {name.split("/")[3] for name in names.under(f"{approvals(found.model, tested)}/")}
    rules = {stage: rules_for(session, found.model, stage) for stage in stages}
    return approvals_of(session, names, found.model, tested, rules)


def _removed(session: Session, digest: str) -> str | None:
    """Why files of it are not here, where a retention rule has let them go."""
    found = removal_of(session.repository, digest)
    return None if found is None else found.told


def _versions_of(session: Session, names: Names, run: Run) -> list[str]:
    made = session.repository.facts.where(ModelVersion, run=run.run)
    numbered = [
        (version.model, names.number_of(f"models/{version.model}", digest)) for digest, version in made
    ]
    return [f"{model}@{number}" for model, number in numbered if number is not None]


def _decided(session: Session, names: Names, model: str, stage: str) -> dict[str, Any]:
    """The decision that put a version on the stage where it is."""
    number = names.last_effect(f"stages/{model}/{stage}")
    if number is None:
        return {"stage": stage, "number": None}
    entry = session.repository.decisions.get(number).entry
    return {
        "stage": stage,
        "number": number,
        "kind": entry.kind,
        "time": entry.committed_at,
        "by": entry.actor.name or entry.actor.user,
        "reason": entry.reason,
    }


def _datasets(session: Session, names: Names, version: ModelVersion) -> list[str]:
    """What a version learnt from, as name@N."""
    known = dict(session.repository.facts.all(DatasetVersion))
    return [
        _label(names, known[digest].name, digest) if digest in known else digest
        for digest in version.datasets
    ]


def _label(names: Names, name: str, digest: str) -> str:
    number = names.number_of(f"datasets/{name}", digest)
    return name if number is None else f"{name}@{number}"

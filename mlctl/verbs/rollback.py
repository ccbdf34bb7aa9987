"""`mlctl rollback`: a stage gets back what it held before, by a new decision.

Twice walks back two: what a rollback has left behind is not where the next one goes. `undo` takes a rollback
back.
"""

import msgspec

from mlctl.domain.decision import Change, Committed, Draft, Names
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.outcome import Outcome
from mlctl.domain.promotion import standing
from mlctl.domain.refs import check_name
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.requests.rollback import RollbackRequest, RollbackResult
from mlctl.domain.sharing import is_pending
from mlctl.verbs.notify import notify
from mlctl.verbs.publishing import decided
from mlctl.verbs.session import Session

KIND = "rollback"


def rollback(session: Session, request: RollbackRequest) -> Outcome[RollbackResult]:
    """Walk a stage back by one.

    Raises:
        NotFound: the stage holds nothing, or held nothing before.
    """
    check_name("stage", request.stage)
    if request.dry_run:
        return _once(session, request)

    def decide() -> tuple[Outcome[RollbackResult], int | None]:
        outcome = _once(session, request)
        return outcome, outcome.data.decision

    return decided(session, decide, _published)


def _published(outcome: Outcome[RollbackResult], committed: Committed) -> Outcome[RollbackResult]:
    final = msgspec.structs.replace(outcome.data, decision=committed.entry.number, published=True)
    return msgspec.structs.replace(outcome, data=final)


def _once(session: Session, request: RollbackRequest) -> Outcome[RollbackResult]:
    model = _model(session, request)
    name = stage_name(model, request.stage)
    decisions = session.repository.decisions
    seen: dict[str, str] = {}

    def prepare(names: Names) -> Draft | None:
        seen["now"], seen["back"] = _step(session, names, name, model, request.stage)
        change = Change(name=name, old=seen["now"], new=seen["back"])
        return Draft(kind=KIND, changes=(change,), reason=request.reason, needs=(seen["back"],))

    committed = None
    if request.dry_run:
        prepare(decisions.names())
    else:
        committed = decisions.commit(prepare, actor=session.actor, command=session.command, now=session.now)
    names = decisions.names()
    data = RollbackResult(
        model=model,
        stage=request.stage,
        version=names.number_of(f"models/{model}", seen["back"]) or 0,
        previous=names.number_of(f"models/{model}", seen["now"]),
        decision=committed.entry.number if committed else None,
        published=committed is None or not is_pending(committed.entry.number),
        changed=True,
        digest=Digest(seen["back"]),
        dry_run=request.dry_run,
    )
    return Outcome(
        data=data, warnings=notify(session, committed), next=(f"mlctl log --name {name}", "mlctl undo")
    )


def _step(session: Session, names: Names, name: str, model: str, stage: str) -> tuple[str, str]:
    """What the stage holds and what it goes back to."""
    decisions = session.repository.decisions
    effects = names.effects.get(name, [])
    held = standing((effect.value, decisions.get(effect.number).entry.kind == KIND) for effect in effects)
    if not held or names.value(name) is None:
        raise NotFound(f"stage {stage} of model {model} holds nothing", f"mlctl promote {model} --to {stage}")
    if len(held) == 1:
        number = names.number_of(f"models/{model}", held[-1])
        raise NotFound(
            f"stage {stage} of model {model} held nothing before version {number}", f"mlctl log --name {name}"
        )
    return held[-1], held[-2]


def _model(session: Session, request: RollbackRequest) -> str:
    if request.model is not None:
        return check_name("model", request.model)
    under = session.repository.decisions.names().under("stages/")
    models = {name.split("/")[1] for name in under if name.split("/")[2] == request.stage}
    return next(iter(models)) if len(models) == 1 else session.model_name(None)

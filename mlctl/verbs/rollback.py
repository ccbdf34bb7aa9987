"""`mlctl rollback`: a stage gets back what it held before, by a new decision.

Twice walks back two: what a rollback has left behind is not where the next one goes. Versions that are
retired meanwhile are passed over. `undo` takes a rollback back.
"""

import msgspec
from msgspec import to_builtins

from mlctl.domain.decision import Change, Committed, Draft
from mlctl.domain.errors import GateRefused, NotFound, UsageError
from mlctl.domain.gate import Reason
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.promotion import standing
from mlctl.domain.refs import check_name
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.requests.rollback import RollbackRequest, RollbackResult
from mlctl.domain.sharing import is_pending
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.staged import model_of_stage
from mlctl.project.stops import freeze_of, frozen_reason, retirement_of
from mlctl.transport.publishing import decided

KIND = "rollback"


def rollback(session: Session, request: RollbackRequest) -> Outcome[RollbackResult]:
    """Walk a stage back by one.

    Raises:
        NotFound: the stage holds nothing, or held nothing before that is not retired.
        GateRefused: it is frozen. UsageError: `force` without a reason.
    """
    check_name("stage", request.stage)
    if request.force and not request.reason:
        raise UsageError("--force needs --reason", "mlctl rollback --help")
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
    model = model_of_stage(session, request.model, request.stage)
    name = stage_name(model, request.stage)
    decisions = session.repository.decisions
    seen: dict[str, str] = {}

    def prepare(names: Names) -> Draft | None:
        seen["now"], seen["back"] = _step(session, names, name, model, request.stage)
        freeze = freeze_of(session, names, model, request.stage)
        if freeze is not None and not request.force:
            raise _refused(request, names, model, seen, frozen_reason(freeze))
        change = Change(name=name, old=seen["now"], new=seen["back"])
        evidence = {} if freeze is None else {"forced": True, "reasons": [to_builtins(frozen_reason(freeze))]}
        return Draft(
            kind=KIND, changes=(change,), reason=request.reason, evidence=evidence, needs=(seen["back"],)
        )

    committed = None
    if request.dry_run:
        prepare(decisions.names())
    else:
        committed = decisions.commit(prepare, actor=session.actor, command=session.command, now=session.now)
    data = _result(request, decisions.names(), model, seen)
    if committed is not None:
        number = committed.entry.number
        data = msgspec.structs.replace(data, decision=number, published=not is_pending(number))
    return Outcome(
        data=data, warnings=notify(session, committed), next=(f"mlctl log --name {name}", "mlctl undo")
    )


def _result(request: RollbackRequest, names: Names, model: str, seen: dict[str, str]) -> RollbackResult:
    return RollbackResult(
        model=model,
        stage=request.stage,
        version=names.number_of(f"models/{model}", seen["back"]) or 0,
        previous=names.number_of(f"models/{model}", seen["now"]),
        decision=None,
        changed=True,
        digest=Digest(seen["back"]),
        dry_run=request.dry_run,
    )


def _refused(
    request: RollbackRequest, names: Names, model: str, seen: dict[str, str], reason: Reason
) -> GateRefused:
    data = msgspec.structs.replace(_result(request, names, model, seen), changed=False, refused=True)
    return GateRefused(
        reason.why,
        f"mlctl unfreeze {model}@{request.stage}",
        f'mlctl rollback {request.stage} --model {model} --force --reason "why it is right all the same"',
        data=data,
        reasons=[to_builtins(reason)],
    )


def _step(session: Session, names: Names, name: str, model: str, stage: str) -> tuple[str, str]:
    """What the stage holds and what it goes back to."""
    decisions = session.repository.decisions
    effects = names.effects.get(name, [])
    held = standing((effect.value, decisions.get(effect.number).entry.kind == KIND) for effect in effects)
    if not held or names.value(name) is None:
        raise NotFound(f"stage {stage} of model {model} holds nothing", f"mlctl promote {model} --to {stage}")
    for digest in reversed(held[:-1]):
        number = names.number_of(f"models/{model}", digest)
        if number is None or retirement_of(session, names, model, number) is None:
            return held[-1], digest
    number = names.number_of(f"models/{model}", held[-1])
    retired = " that is not retired" if len(held) > 1 else ""
    raise NotFound(
        f"stage {stage} of model {model} held nothing{retired} before version {number}",
        f"mlctl log --name {name}",
    )

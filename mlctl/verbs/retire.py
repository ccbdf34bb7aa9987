"""`mlctl retire`: a version that no stage gets again, by promotion or rollback; its facts stay."""

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import NameMoved, UsageError
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import model_version, retired
from mlctl.domain.requests.retire import RetireRequest, RetireResult
from mlctl.evidence.verdicts import candidate_of
from mlctl.project.session import Session
from mlctl.project.stops import withheld_stage
from mlctl.transport.one_change import decide_one


def retire(session: Session, request: RetireRequest) -> Outcome[RetireResult]:
    """Retire a version; `undo` brings it back.

    Raises:
        UsageError: no reason, or no version. NotFound: no such version. NameMoved: a stage holds it.
    """
    if not request.reason:
        raise UsageError("to retire a version needs --reason", "mlctl retire --help")
    if "@" not in request.model:
        raise UsageError(f"which version of {request.model}? write {request.model}@7", "mlctl models")
    model, number, digest = candidate_of(session, request.model)
    name = retired(model, digest)

    def prepare(names: Names) -> Draft | None:
        if names.value(name) is not None:
            return None
        change = Change(name=name, old=None, new=digest)
        draft = Draft(kind="retire", changes=(change,), reason=request.reason, needs=(digest,))
        held = withheld_stage(names, draft.changes)
        if held is not None:
            raise NameMoved(
                f"{held} holds {model}@{number}; move {held} first",
                f"mlctl rollback {held} --model {model}",
                name=model_version(model, number),
                stage=held,
            )
        return draft

    def result(names: Names) -> RetireResult:
        now = names.number_of(f"models/{model}", digest) or number
        stands = names.last_effect(name)
        return RetireResult(model=model, version=now, digest=digest, decision=stands, changed=False)

    return decide_one(session, prepare, result, dry_run=request.dry_run)

"""`mlctl unfreeze`: a stage that was frozen moves again."""

from mlctl.domain.decision import Change, Draft
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import frozen
from mlctl.domain.requests.unfreeze import UnfreezeRequest, UnfreezeResult
from mlctl.evidence.verdicts import known_stage
from mlctl.project.session import Session
from mlctl.project.staged import model_and_stage
from mlctl.transport.one_change import decide_one


def unfreeze(session: Session, request: UnfreezeRequest) -> Outcome[UnfreezeResult]:
    """Take a freeze away; where there is none, nothing is decided.

    Raises:
        NotFound, InvalidName: no such stage, or it is not clear whose.
    """
    model, stage = model_and_stage(session, request.stage)
    known_stage(session, model, stage, "unfreeze")
    name = frozen(model, stage)

    def prepare(names: Names) -> Draft | None:
        value = names.value(name)
        if value is None:
            return None
        change = Change(name=name, old=value, new=None)
        return Draft(kind="unfreeze stage", changes=(change,), reason=request.reason)

    def result(_names: Names) -> UnfreezeResult:
        return UnfreezeResult(model=model, stage=stage, decision=None, changed=False)

    return decide_one(session, prepare, result, dry_run=request.dry_run)

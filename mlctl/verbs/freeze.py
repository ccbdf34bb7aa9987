"""`mlctl freeze`: a stage stays as it is, for a reason, until a time or until it is taken back.

A frozen stage is moved by nobody: not by a promotion, a rollback, an undo, nor by the loop; `promote` and
`rollback` do with `--force`, for the record.
"""

from datetime import UTC, datetime

from mlctl.domain.decision import Change, Draft
from mlctl.domain.duration import duration
from mlctl.domain.errors import UsageError
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import frozen
from mlctl.domain.requests.freeze import FreezeRequest, FreezeResult
from mlctl.evidence.verdicts import known_stage
from mlctl.project.session import Session, timestamp
from mlctl.project.staged import model_and_stage
from mlctl.project.stops import UNTIL_UNFROZEN, freeze_of
from mlctl.transport.one_change import decide_one


def freeze(session: Session, request: FreezeRequest) -> Outcome[FreezeResult]:
    """Freeze a stage; again with another reason or time replaces both.

    Raises:
        UsageError: no reason, or a time that is none or has passed.
        NotFound, InvalidName: no such stage, or it is not clear whose.
    """
    if not request.reason:
        raise UsageError("a freeze needs --reason: who is refused is told why", "mlctl freeze --help")
    model, stage = model_and_stage(session, request.stage)
    known_stage(session, model, stage, "freeze")
    until = _until(session, request.until)
    name = frozen(model, stage)

    def prepare(names: Names) -> Draft | None:
        now = freeze_of(session, names, model, stage)
        if now is not None and (now.until, now.reason) == (until, request.reason):
            return None
        change = Change(name=name, old=names.value(name), new=until or UNTIL_UNFROZEN)
        return Draft(kind="freeze stage", changes=(change,), reason=request.reason)

    def result(names: Names) -> FreezeResult:
        stands = names.last_effect(name)
        return FreezeResult(model=model, stage=stage, until=until, decision=stands, changed=False)

    then = (f"mlctl unfreeze {model}@{stage}",)
    return decide_one(session, prepare, result, dry_run=request.dry_run, then=then)


def _until(session: Session, text: str | None) -> str | None:
    """A date (its first moment), a time or a duration from now, in RFC 3339 UTC."""
    if text is None:
        return None
    now = session.clock().astimezone(UTC)
    try:
        moment = now + duration(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"--until {text!r} is no time: write 2027-01-07, 2027-01-07T08:00Z, or 14d from now",
                "mlctl freeze --help",
            ) from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= now:
        raise UsageError(f"--until {text!r} has passed", "mlctl freeze --help")
    return timestamp(moment)

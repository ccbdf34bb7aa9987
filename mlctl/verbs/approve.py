"""`mlctl approve`: one person's word for a version and a stage, signed or not; `undo` takes it back."""

from pathlib import Path

import msgspec

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import GateRefused
from mlctl.domain.gate import Reason
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import REPOSITORY, approval
from mlctl.domain.requests.approve import ApproveRequest, ApproveResult
from mlctl.evidence.approvals import (
    KIND,
    SIGNATURE,
    approvals_of,
    author_of,
    rules_for,
    same_person,
    statement,
    whose,
)
from mlctl.evidence.verdicts import candidate_of, known_stage
from mlctl.project.session import Session
from mlctl.transport.one_change import decide_one
from mlctl.workspace.signing import signed


def approve(session: Session, request: ApproveRequest) -> Outcome[ApproveResult]:
    """Approve a version, whoever promotes it.

    Raises:
        GateRefused: by the author, by nobody git knows, or by one whose approval the spec does not ask for.
        NotFound, InvalidName: no such version or stage. UsageError, NotInstalled: it can't be signed.
    """
    model, number, digest = candidate_of(session, request.model)
    known_stage(session, model, request.to, "approve")
    names = session.repository.decisions.names()
    why = _against(session, names, model, number, request.to)
    if why is not None:
        raise _refused(session, request, model, number, digest, why)
    email = str(session.actor.email)
    name = approval(model, digest, request.to, whose(email))
    signature = None
    if request.sign is not None and not request.dry_run:
        text = statement(str(names.value(REPOSITORY)), digest, request.to, email)
        signature = signed(text, Path(request.sign).expanduser())

    def prepare(names: Names) -> Draft | None:
        stands = names.value(name) is not None
        if stands and (signature is None or _is_signed(session, names, name)):
            return None
        return Draft(
            kind=KIND,
            changes=(Change(name=name, old=names.value(name), new=digest),),
            reason=request.reason,
            evidence={SIGNATURE: signature},
            needs=(digest,),
        )

    def result(names: Names) -> ApproveResult:
        rules = {request.to: rules_for(session, model, request.to)}
        stands = names.last_effect(name)
        own = next(
            (o for o in approvals_of(session, names, model, digest, rules) if o.decision == stands), None
        )
        return ApproveResult(
            model=model,
            version=names.number_of(f"models/{model}", digest) or number,
            stage=request.to,
            digest=digest,
            email=email,
            vouched=own.vouched if own is not None else "",
            decision=stands,
            changed=False,
        )

    then = (f"mlctl promote {model}@{number} --to {request.to}",)
    return decide_one(session, prepare, result, dry_run=request.dry_run, then=then)


def _against(session: Session, names: Names, model: str, number: int, stage: str) -> str | None:
    """Why this person's approval is none, or None."""
    actor, author = session.actor, author_of(session, names, model, number)
    label = f"{model}@{number}"
    if not actor.email:
        return (
            "an approval is somebody's, and git knows no e-mail here: git config user.email you@example.org"
        )
    if author is not None and same_person(actor, author):
        return f"{author.email or author.user} has registered {label}; another person has to approve it"
    by = rules_for(session, model, stage).by
    if by and actor.email.casefold() not in {email.casefold() for email in by}:
        return f"{stage} asks for an approval by {' or '.join(by)}, not by {actor.email}"
    return None


def _refused(
    session: Session, request: ApproveRequest, model: str, number: int, digest: Digest, why: str
) -> GateRefused:
    reason = Reason(gate="approvals", slice=None, value=None, limit=None, why=why)
    data = ApproveResult(
        model=model,
        version=number,
        stage=request.to,
        digest=digest,
        email=session.actor.email,
        vouched="",
        decision=None,
        changed=False,
        reasons=(reason,),
        dry_run=request.dry_run,
    )
    return GateRefused(why, f"mlctl models {model}", data=data, reasons=[msgspec.to_builtins(reason)])


def _is_signed(session: Session, names: Names, name: str) -> bool:
    number = names.last_effect(name)
    entry = session.repository.decisions.get(number).entry if number is not None else None
    return entry is not None and entry.evidence.get(SIGNATURE) is not None

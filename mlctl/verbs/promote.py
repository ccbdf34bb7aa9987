"""`mlctl promote`: the gates of a stage, then one decision.

Evaluate the candidate beside today's incumbent unless that has been done; ask `domain.gate.decide`; refused
and not
forced: GateRefused, and nothing is recorded. Passed: where the spec says so, fit the same recipe on all rows,
then one decision moves the stage. When another process has moved the stage meanwhile, the gates are asked
again. Where the log is a remote's that answers, the decision is published at once.
"""

from typing import Any

import msgspec

from mlctl.domain.decision import Change, Committed, Draft
from mlctl.domain.errors import GateRefused, NameMoved, UsageError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.gate import GateDecision
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import model_refit, model_version
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.requests.promote import PromoteRequest, PromoteResult
from mlctl.domain.sharing import is_pending
from mlctl.evidence.approvals import approvals_of, as_evidence, rules_for
from mlctl.evidence.verdicts import (
    Question,
    ask,
    candidate_of,
    evaluation_of,
    gates_digest,
    judge,
    known_stage,
)
from mlctl.project.declared import declared_model, gates_of
from mlctl.project.engines import engine
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.stops import RETIRED
from mlctl.store.let_go import require_files
from mlctl.transport.publishing import decided
from mlctl.workspace.git import head


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation and what the gates say of it."""

    question: Question
    digest: Digest
    evaluation: Evaluation
    decision: GateDecision


def promote(session: Session, request: PromoteRequest) -> Outcome[PromoteResult]:
    """Move a stage to a version, if its gates agree.

    Raises:
        GateRefused: with every reason. UsageError: `force` without a reason.
        NotFound, InvalidName: no such version or stage. TrainingFailed: the refit.
        Missing: a retention rule has let its files go.
    """
    if request.force and not request.reason:
        raise UsageError("--force needs --reason", "mlctl promote --help")
    if request.dry_run:
        return _once(session, request)

    model, _number, meant = candidate_of(session, request.model)

    def decide() -> tuple[Outcome[PromoteResult], int | None]:
        # the version that was meant, whatever number it has after others have published theirs
        number = session.repository.decisions.names().number_of(f"models/{model}", meant)
        if number is None:
            raise NameMoved(f"{request.model or model} was withdrawn meanwhile", f"mlctl models {model}")
        outcome = _once(session, msgspec.structs.replace(request, model=f"{model}@{number}"))
        return outcome, outcome.data.decision if outcome.data.changed else None

    return decided(session, decide, lambda outcome, entry: _published(session, outcome, entry))


def _published(
    session: Session, outcome: Outcome[PromoteResult], committed: Committed
) -> Outcome[PromoteResult]:
    """The result with the numbers that everybody sees."""
    names, data = session.repository.decisions.names(), outcome.data
    number = names.number_of(f"models/{data.model}", str(data.digest)) or data.version
    final = msgspec.structs.replace(data, decision=committed.entry.number, version=number, published=True)
    return msgspec.structs.replace(outcome, data=final)


def _once(session: Session, request: PromoteRequest) -> Outcome[PromoteResult]:
    model, number, tested = candidate_of(session, request.model)
    gated = known_stage(session, model, request.to, "promote")
    warnings = [] if gated else [f"stage {request.to} has no gates; only the baseline was asked"]
    names = session.repository.decisions.names()
    if _holds(names, model, request.to) == number:
        return _unchanged(names, model, number, request)
    _unmoved(names, model, request)
    if not request.force:
        request = msgspec.structs.replace(request, reason=request.reason or None)
    label = f"{model}@{number}"
    require_files(session.repository, session.repository.facts.get(ModelVersion, tested))
    judged = _judge(session, label, request, names)
    if request.dry_run:
        return Outcome(data=_result(judged, request, names, tested, None), next=(f"mlctl promote {label}",))
    digest = _deployable(session, judged.question, tested)
    return _decide(session, request, judged, digest, warnings)


def _holds(names: Names, model: str, stage: str) -> int | None:
    """The number of the version that a stage holds."""
    digest = names.value(stage_name(model, stage))
    return None if digest is None else names.number_of(f"models/{model}", digest)


def _unmoved(names: Names, model: str, request: PromoteRequest) -> None:
    """Refuse where the caller judged what the stage held, and it holds something else now."""
    held = names.value(stage_name(model, request.to))
    if request.expected is not None and held != request.expected:
        raise NameMoved(
            f"stage {request.to} of {model} has moved meanwhile",
            f"mlctl log --name {stage_name(model, request.to)}",
            name=stage_name(model, request.to),
        )


def _deployable(session: Session, question: Question, tested: Digest) -> Digest:
    """What the stage will hold: the refit where the recipe asks for one (made now if missing), or the tested.

    With a split by dataset there is nothing to gain: the version has learnt from all learnable rows.
    """
    declared = declared_model(session, question.model)
    wanted = declared.refit if declared is not None else question.spec.refit
    if wanted != "all" or question.spec.split.by == "dataset":
        return tested
    made = session.repository.facts.where(ModelVersion, refit_of=tested)
    plain = [digest for digest, version in made if version.level == 1.0]  # the rest are recalibrations of it
    if plain:
        return plain[-1]
    refit: Digest = engine("refitting").refit(session, tested, question.version, question.run)
    return refit


def _judge(session: Session, label: str, request: PromoteRequest, names: Names) -> Judged:
    """Evaluate beside the incumbent of these names and ask the gates.

    Raises:
        GateRefused: they refuse, and nobody forces.
    """
    question = ask(session, label, request.to, names=names)
    digest, evaluation, _ = evaluation_of(session, question)
    decision = judge(session, question, evaluation, names)
    judged = Judged(question=question, digest=digest, evaluation=evaluation, decision=decision)
    retired = any(reason.gate == RETIRED for reason in decision.reasons)
    if not decision.passed and (retired or not request.force):
        said = "\n".join(
            f"  {reason.gate}{_where(reason.slice)}: {reason.why}" for reason in decision.reasons
        )
        raise GateRefused(
            f"the gates of {request.to} refuse {label}:\n{said}",
            f"mlctl eval {label} --to {request.to}",
            *(() if retired else (_forced(label, request.to),)),
            data=_result(judged, request, names, question.digest, None),
            reasons=[msgspec.to_builtins(reason) for reason in decision.reasons],
        )
    return judged


def _forced(label: str, stage: str) -> str:
    return f'mlctl promote {label} --to {stage} --force --reason "why it is right all the same"'


def _decide(
    session: Session, request: PromoteRequest, judged: Judged, digest: Digest, warnings: list[str]
) -> Outcome[PromoteResult]:
    """One decision; the gates are asked again where the stage has moved since they were asked."""
    question = judged.question
    model, number, stage = question.model, question.number, stage_name(question.model, request.to)
    label = f"{model}@{number}"
    seen: dict[str, Any] = {"judged": judged, "names": None}

    def prepare(names: Names) -> Draft | None:
        if names.value(model_version(model, number)) != question.digest:
            raise NameMoved(f"{label} was withdrawn meanwhile", f"mlctl models {model}", name=label)
        _unmoved(names, model, request)
        current = seen["judged"] = _judge(session, label, request, names)
        seen["previous"] = _holds(names, model, request.to)
        if seen["previous"] == number:
            return None
        changes = []
        refit = model_refit(model, number)
        if digest != question.digest and names.value(refit) != digest:
            changes.append(Change(name=refit, old=names.value(refit), new=digest))
        changes.append(Change(name=stage, old=names.value(stage), new=digest))
        return Draft(
            kind="promote",
            changes=tuple(changes),
            reason=request.reason,
            evidence=_evidence(session, current, request),
            needs=(question.digest, digest, current.digest),
        )

    repository = session.repository
    committed = repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    if committed is None:
        return _unchanged(repository.decisions.names(), model, number, request)
    warnings += notify(session, committed)
    final: Judged = seen["judged"]
    data = _made(final, request, digest, seen["previous"], committed.entry.number)
    if final.decision.reasons:
        warnings.append(f"forced over {_refusals(len(final.decision.reasons))}; the record keeps them")
    serve = f"mlctl serve {model}@{request.to}"
    return Outcome(data=data, warnings=tuple(warnings), next=(serve, "mlctl undo"))


def _evidence(session: Session, judged: Judged, request: PromoteRequest) -> dict[str, Any]:
    held = [msgspec.to_builtins(one) for one in judged.decision.held]
    question, names = judged.question, session.repository.decisions.names()
    rules = {request.to: rules_for(session, question.model, request.to)}
    found = approvals_of(session, names, question.model, question.digest, rules)
    approved = as_evidence(found, request.to)
    return {
        "evaluation": judged.digest,
        "gates": gates_digest(gates_of(session, judged.question.model, request.to)),
        "commit": head(session.root)[0],
        "forced": not judged.decision.passed,
        "reasons": [msgspec.to_builtins(reason) for reason in judged.decision.reasons],
        **({"held": held} if held else {}),
        **({"approvals": approved} if approved else {}),
    }


def _result(
    judged: Judged, request: PromoteRequest, names: Names, digest: Digest, decision: int | None
) -> PromoteResult:
    """Before anything is decided: refused, or a dry run."""
    model = judged.question.model
    made = _made(judged, request, digest, _holds(names, model, request.to), decision)
    changed = request.dry_run and (judged.decision.passed or request.force)
    return msgspec.structs.replace(made, changed=changed, digest=None, forced=False, dry_run=request.dry_run)


def _made(
    judged: Judged, request: PromoteRequest, digest: Digest, previous: int | None, decision: int | None
) -> PromoteResult:
    question = judged.question
    return PromoteResult(
        model=question.model,
        stage=request.to,
        version=question.number,
        previous=previous,
        decision=decision,
        published=decision is None or not is_pending(decision),
        changed=True,
        digest=digest,
        refit=digest != question.digest,
        evaluation=judged.digest,
        forced=not judged.decision.passed,
        passed=judged.decision.passed,
        reasons=judged.decision.reasons,
        skipped=judged.decision.skipped,
        held=judged.decision.held,
    )


def _unchanged(names: Names, model: str, number: int, request: PromoteRequest) -> Outcome[PromoteResult]:
    digest = names.value(stage_name(model, request.to))
    data = PromoteResult(
        model=model,
        stage=request.to,
        version=number,
        previous=number,
        decision=names.last_effect(stage_name(model, request.to)),
        changed=False,
        digest=Digest(digest) if digest else None,
        refit=digest != names.value(model_version(model, number)),
        dry_run=request.dry_run,
    )
    return Outcome(data=data, next=(f"mlctl serve {model}@{request.to}",))


def _where(part: str | None) -> str:
    return f" ({part})" if part else ""


def _refusals(number: int) -> str:
    return "1 refusal" if number == 1 else f"{number} refusals"

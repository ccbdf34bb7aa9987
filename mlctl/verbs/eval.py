"""`mlctl eval`: metrics with intervals, by slice, beside the baseline and the incumbent; stored as a fact.

What is evaluated is the tested artefact on the rows that it was fitted without. The same question a second
time is answered from the store (`verdicts`); only a new one loads the engine that measures.
"""

from pathlib import Path

import msgspec

from mlctl.domain.errors import GateRefused
from mlctl.domain.evaluation import Evaluation, IncumbentResult
from mlctl.domain.gate import GateDecision
from mlctl.domain.ids import Digest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.eval import EvalRequest, EvalResult
from mlctl.evidence.verdicts import (
    Question,
    answered,
    ask,
    evaluation_of,
    held_by_metrics,
    judge,
    known_stage,
)
from mlctl.project.engines import engine
from mlctl.project.order import in_order
from mlctl.project.session import Session
from mlctl.reporting.markdown import markdown


def eval(session: Session, request: EvalRequest) -> Outcome[EvalResult]:  # noqa: A001 (the command's own name)
    """Measure a version, unless that has been done.

    Raises:
        GateRefused: with `check`, where the stage's gates would refuse.
    """
    question = ask(session, request.model, request.to, request.data)
    known_stage(session, question.model, request.to, "eval")
    if request.dry_run:
        found = answered(session, question)
        digest, evaluation, changed = (*found, False) if found else (None, None, True)
    else:
        digest, evaluation, changed = evaluation_of(session, question)
    if evaluation is None:
        return Outcome(
            data=_planned(session, question), next=(f"mlctl eval {question.model}@{question.number}",)
        )
    decision = judge(session, question, evaluation)
    held = (*decision.held, *held_by_metrics(session, question, evaluation, decision))
    decision = msgspec.structs.replace(decision, held=held)
    data = _result(session, question, digest, evaluation, decision, changed=changed, dry_run=request.dry_run)
    if not request.dry_run:
        data = _written(session, request, data, evaluation)
    label = f"{question.model}@{question.number}"
    if request.check and not decision.passed:
        raise GateRefused(
            f"the gates of {request.to} would refuse {label}: "
            + "; ".join(reason.why for reason in decision.reasons),
            f'mlctl promote {label} --to {request.to} --force --reason "why it is right all the same"',
            data=data,
            reasons=[msgspec.to_builtins(reason) for reason in decision.reasons],
        )
    return Outcome(data=data, warnings=_warnings(evaluation), next=_next(session, question, decision))


def _result(
    session: Session,
    question: Question,
    digest: Digest | None,
    evaluation: Evaluation,
    decision: GateDecision,
    *,
    changed: bool,
    dry_run: bool,
) -> EvalResult:
    names = session.repository.decisions.names()
    version = names.number_of(f"datasets/{evaluation.dataset}", evaluation.dataset_digest)
    first = question.spec.eval.metrics
    slices = in_order(evaluation.slices, question.spec.eval.slices)
    return EvalResult(
        model=question.model,
        version=question.number,
        changed=changed,
        evaluation=digest,
        dataset={"name": evaluation.dataset, "version": version},
        rows=evaluation.rows,
        resample=evaluation.resample,
        units=evaluation.units,
        metrics=in_order(evaluation.metrics, first),
        slices={
            name: msgspec.structs.replace(part, metrics=in_order(part.metrics, first))
            for name, part in slices.items()
        },
        baseline=in_order(evaluation.baseline, first),
        baseline_difference=in_order(evaluation.baseline_difference, first),
        incumbent=msgspec.structs.replace(
            evaluation.incumbent, metrics=in_order(evaluation.incumbent.metrics, first)
        ),
        search=evaluation.search,
        behaviour=evaluation.behaviour,
        fairness=evaluation.fairness,
        stage=question.stage,
        gates=msgspec.to_builtins(decision),
        notes=evaluation.notes,
        in_use=evaluation.in_use,
        replay=evaluation.replay,
        data_checks=evaluation.data_checks,
        dry_run=dry_run,
    )


def _written(session: Session, request: EvalRequest, data: EvalResult, evaluation: Evaluation) -> EvalResult:
    """Write the documents that were asked for; also where `check` refuses, since these say why."""
    text, files = None, {}
    if request.markdown is not None:
        text = markdown(data)
        if request.markdown != "-":
            engine("documents").write_text(Path(request.markdown), text)
            files["markdown"], text = request.markdown, None
    if request.html is not None:
        engine("documents").write_page(session, data, evaluation, Path(request.html))
        files["html"] = request.html
    return msgspec.structs.replace(data, written=files, markdown=text)


def _planned(session: Session, question: Question) -> EvalResult:
    """What a dry run knows of an evaluation that has not been made."""
    use = question.run.data[-1]
    name, number = (
        use.name,
        session.repository.decisions.names().number_of(f"datasets/{use.name}", use.digest),
    )
    if question.data is not None:
        name, number = question.data[:2]
    return EvalResult(
        model=question.model,
        version=question.number,
        changed=True,
        evaluation=None,
        dataset={"name": name, "version": number},
        rows=0,
        resample=question.spec.eval.resample or "",
        units=0,
        metrics={},
        slices={},
        baseline={},
        baseline_difference={},
        incumbent=_unmeasured(question),
        stage=question.stage,
        dry_run=True,
    )


def _unmeasured(question: Question) -> IncumbentResult:
    incumbent = question.incumbent
    number, digest = (incumbent.number, incumbent.deployed) if incumbent else (None, None)
    return IncumbentResult(version=number, digest=digest, why="not measured yet")


def _warnings(evaluation: Evaluation) -> tuple[str, ...]:
    learnt = int(evaluation.notes.get("learnt_rows", 0))
    return (f"the model has learnt from {learnt} of these {evaluation.rows} rows",) if learnt else ()


def _next(session: Session, question: Question, decision: GateDecision) -> tuple[str, ...]:
    names = session.repository.decisions.names()
    held = names.value(f"stages/{question.model}/{question.stage}")
    if held is not None and names.number_of(f"models/{question.model}", held) == question.number:
        return (f"mlctl serve {question.model}@{question.stage}",)
    if decision.passed:
        return (f"mlctl promote {question.model}@{question.number} --to {question.stage}",)
    return ()

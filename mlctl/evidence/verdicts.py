"""Evaluations asked for: what is to be measured, whether it has been, and what the stage's gates say of it.

Light: the numbers themselves are made by `measuring`, which is loaded only when an evaluation is missing.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from mlctl.domain.errors import Missing, NotFound
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.fairness import behaviour_reasons, by_group, fairness_reasons
from mlctl.domain.gate import Evidence, GateDecision, Reason, asks_for_evidence, decide
from mlctl.domain.gate_held import held_gates
from mlctl.domain.ids import Digest
from mlctl.domain.metric import DEFAULTS
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.nearest import nearest
from mlctl.domain.records import digest_of, encode
from mlctl.domain.refs import check_name, model_version
from mlctl.domain.run import Run
from mlctl.domain.spec import EvalSpec, ModelSpec
from mlctl.domain.spec_gates import GateRule, StageGates
from mlctl.evidence.conditions import Promotion, with_conditions
from mlctl.evidence.tries import tries_of
from mlctl.project.declared import checks_of, declared_model, gates_of
from mlctl.project.engines import engine
from mlctl.project.resolve import resolve_dataset, resolve_model
from mlctl.project.session import Session
from mlctl.project.spec_of import spec_of
from mlctl.training.repeats import repeats_of

USUAL_STAGES = ("production", "staging")

_FORMAT = 2
_MOST = 50  # champions that are looked back for


class Incumbent(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate is compared with: the stage's artefact and the tested one of the same number."""

    number: int
    deployed: Digest
    tested: Digest


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation, settled: equal keys have equal answers.

    Attributes:
        spec: the run's own, with today's `eval` part where the project still declares the model.
        champion: the last version that was shown to be better, where it is not the incumbent.
        data: (name, number, digest) of other rows to score; None for the version's own test rows.
        seed: of the bootstrap.
        checks: of the data that the version was trained on, where a gate asks whether they hold.
    """

    model: str
    number: int
    digest: Digest
    version: ModelVersion
    run: Run
    spec: ModelSpec
    stage: str
    data: tuple[str, int, Digest] | None
    incumbent: Incumbent | None
    champion: Incumbent | None
    seed: int
    key: Digest
    checks: tuple[str, ...] | None = None


def candidate_of(session: Session, text: str | None, names: Names | None = None) -> tuple[str, int, Digest]:
    """The model, the number and the tested artefact that a selector means: never a refit.

    Raises:
        NotFound, Ambiguous, InvalidName: as `resolve_model`.
    """
    names = names or session.repository.decisions.names()
    if text is None:
        text = session.model_name(None)
        if not names.versions(f"models/{text}"):
            raise NotFound(f"model {text} has no version yet", f"mlctl train {text}", model=text)
    found = resolve_model(session, text, names)
    digest = names.value(model_version(found.model, found.number)) if found.number else None
    if digest is None:
        raise NotFound(f"{text} was withdrawn", f"mlctl train {found.model}", model=found.model)
    return found.model, found.number, Digest(digest)


def ask(
    session: Session, text: str | None, stage: str, data: str | None = None, names: Names | None = None
) -> Question:
    """The evaluation that is meant.

    Raises:
        NotFound, InvalidName: no such model, version or dataset. Missing, Corrupt: its record is damaged.
    """
    check_name("stage", stage)
    model, number, digest = candidate_of(session, text, names)
    facts = session.repository.facts
    version = facts.get(ModelVersion, digest)
    run = run_of(session, version)
    spec = spec_of(session, run)
    declared = declared_model(session, model)
    if declared is not None:
        spec = msgspec.structs.replace(
            spec,
            serve=declared.serve,
            eval=_with_gates(
                declared.eval, gates_of(session, model, stage).rules, version.signature.judged_as
            ),
        )
    chosen = None
    if data is not None:
        found = resolve_dataset(session, data)
        chosen = (found.name, found.number, found.digest)
    today = names or session.repository.decisions.names()
    incumbent = incumbent_of(today, model, number, stage)
    parts = [_FORMAT, digest, chosen and chosen[2], _asked(spec.eval), stage, run.seed]
    luck = [
        [(one.seed, one.answers) for one in repeats_of(session, version_digest)]
        for version_digest in (digest, *((incumbent.tested,) if incumbent else ()))
    ]
    champion = champion_of(session, today, model, number, stage)
    gates = gates_of(session, model, stage)
    checks = checks_of(session, run) if gates.data_checks else None
    parts += [msgspec.to_builtins(incumbent), luck, msgspec.to_builtins(champion)]
    if gates.asks_of_evaluation:  # what evaluations of before did not measure
        parts.append([gates.data_checks, checks, spec.serve.schema])
    if incumbent is not None and version.signature.costs is not None:  # nor whether costs are the same
        parts.append("costs")
    if gates.memory_mb is not None:  # nor those that were made before memory was measured
        parts.append("memory_mb")
    key = digest_of(encode(parts))
    return Question(
        model=model,
        number=number,
        digest=digest,
        version=version,
        run=run,
        spec=spec,
        stage=stage,
        data=chosen,
        incumbent=incumbent,
        champion=champion,
        seed=run.seed,
        key=key,
        checks=checks,
    )


def _asked(spec: EvalSpec) -> dict[str, Any]:
    """What of the spec an evaluation depends on; a model's decision is its own (`Signature.threshold`)."""
    asked: dict[str, Any] = msgspec.to_builtins(spec)
    own = {"threshold", "costs", *(name for name in ("fairness", "tests") if not asked[name])}
    return {name: value for name, value in asked.items() if name not in own}


def answered(session: Session, question: Question) -> tuple[Digest, Evaluation] | None:
    """The stored evaluation of a question, or None."""
    found = session.repository.facts.where(Evaluation, key=question.key)
    return found[-1] if found else None


def evaluation_of(session: Session, question: Question) -> tuple[Digest, Evaluation, bool]:
    """The stored evaluation, measured now if there is none; the last value says whether it was."""
    found = answered(session, question)
    if found is not None:
        return (*found, False)
    evaluation: Evaluation = engine("measuring").measure(session, question)
    return session.repository.facts.add(evaluation), evaluation, True


def incumbent_of(names: Names, model: str, number: int, stage: str) -> Incumbent | None:
    """What a stage holds, or held before the version itself; None where there was nothing else."""
    return next(_champions(names, model, number, stage), None)


def champion_of(session: Session, names: Names, model: str, number: int, stage: str) -> Incumbent | None:
    """The last version of a stage that was shown to be better than the one before it, or the first one.

    None where that is the incumbent, or where there is none.
    """
    seen: list[Incumbent] = []
    for champion in _champions(names, model, number, stage):
        seen.append(champion)
        known = session.repository.facts.where(Evaluation, model_digest=champion.tested)
        if len(seen) == _MOST or any(
            one.stage == stage and one.incumbent.verdict == "better" for _, one in known
        ):
            break
    return seen[-1] if len(seen) > 1 else None


def _champions(names: Names, model: str, number: int, stage: str) -> Iterator[Incumbent]:
    """What a stage has held besides a version, each once, the newest first."""
    name = f"stages/{model}/{stage}"
    seen = {number}
    for steps in itertools.count():
        digest = names.before(name, steps)
        if digest is None:
            return
        held = names.number_of(f"models/{model}", digest)
        if held is not None and held not in seen:
            seen.add(held)
            tested = names.value(model_version(model, held)) or digest
            yield Incumbent(number=held, deployed=Digest(digest), tested=Digest(tested))


def run_of(session: Session, version: ModelVersion) -> Run:
    """The run that fitted a version.

    Raises:
        Missing: the store has lost it.
    """
    for _, run in session.repository.facts.where(Run, run=version.run):
        return run
    raise Missing(f"run {version.run} is not in the store", "mlctl fsck", run=version.run)


def known_stage(session: Session, model: str, stage: str, command: str) -> bool:
    """Whether a stage has gates; one that looks like a misspelt name is refused.

    Raises:
        NotFound: it is neither declared, held nor usual, and is near to one that is.
    """
    declared = declared_model(session, model)
    gated = set(declared.gates) if declared is not None else set()
    held = {name.split("/")[2] for name in session.repository.decisions.names().under(f"stages/{model}/")}
    known = gated | held | set(USUAL_STAGES)
    near = nearest(stage, known)
    if stage not in known and near is not None:
        where = f"{model}@{near}" if command.endswith("freeze") else f"{model} --to {near}"
        where += ' --reason "why it stays"' if command == "freeze" else ""
        raise NotFound(
            f"there is no stage {stage!r}; did you mean {near!r}?",
            f"mlctl {command} {where}",
            nearest=near,
        )
    return stage in gated


def judge(
    session: Session, question: Question, evaluation: Evaluation, names: Names | None = None
) -> GateDecision:
    """What the gates of the question's stage say of an evaluation, and the log of the version.

    Args:
        session: of the project.
        question: that was asked.
        evaluation: that answers it.
        names: of the moment; today's by default.
    """
    gates = gates_of(session, question.model, question.stage)
    asked = Promotion(
        model=question.model,
        number=question.number,
        digest=question.digest,
        version=question.version,
        refit=_refitted(session, question),
        incumbent=question.incumbent.deployed if question.incumbent else None,
        strict=question.spec.serve.schema == "strict",
        evaluation=evaluation,
        stage=question.stage,
        names=names or session.repository.decisions.names(),
    )
    return with_conditions(session, gates, asked, _decided(session, evaluation, gates.rules))


def _refitted(session: Session, question: Question) -> bool:
    """Whether the stage would hold a refit on all rows."""
    declared = declared_model(session, question.model)
    wanted = declared.refit if declared is not None else question.spec.refit
    return wanted == "all" and question.spec.split.by != "dataset"


def judged(session: Session, evaluation: Evaluation) -> GateDecision:
    """What today's gates say of a stored evaluation, at the stage that it was made for: metrics alone."""
    return _decided(session, evaluation, gates_of(session, evaluation.model, evaluation.stage or "").rules)


def held_by_metrics(
    session: Session, question: Question, evaluation: Evaluation, decision: GateDecision
) -> tuple[Reason, ...]:
    """The gates on metrics that hold by a decision of `judge`, each with what it has seen."""
    rules = gates_of(session, question.model, question.stage).rules
    evidence = _evidence(session, evaluation, rules)
    return tuple(held_gates(rules, evidence, evaluation.fairness, decision))


def _evidence(session: Session, evaluation: Evaluation, rules: dict[str, GateRule]) -> Evidence:
    primary = str(evaluation.notes.get("primary") or next(iter(evaluation.metrics)))
    return Evidence(
        primary=primary,
        metrics=evaluation.metrics,
        baseline=evaluation.baseline,
        incumbent=evaluation.incumbent,
        slices=evaluation.slices,
        champion=evaluation.champion,
        tries=tries_of(session, evaluation) if any(map(asks_for_evidence, rules.values())) else 1,
    )


def _decided(session: Session, evaluation: Evaluation, rules: dict[str, GateRule]) -> GateDecision:
    evidence = _evidence(session, evaluation, rules)
    decision = decide({key: rule for key, rule in rules.items() if not by_group(key)}, evidence)
    alike = {key: rule for key, rule in rules.items() if by_group(key)}
    groups = fairness_reasons(alike, evaluation.fairness)
    reasons = (*decision.reasons, *groups, *behaviour_reasons(evaluation.behaviour))
    return msgspec.structs.replace(decision, passed=not reasons, reasons=reasons)


def gates_digest(gates: StageGates) -> Digest:
    """The digest of a stage's gates: part of a promotion's evidence, so that nobody loosens gates unseen."""
    return digest_of(encode(msgspec.to_builtins(gates if gates.asks_more else gates.rules)))


def _with_gates(declared: EvalSpec, rules: dict[str, GateRule], task: str) -> EvalSpec:
    """Today's `eval` part with the metrics of the stage's gates, so that every gate has its value."""
    wanted = [name.partition("@")[0] for name in rules if not by_group(name)]
    metrics = declared.metrics or DEFAULTS[task]
    return msgspec.structs.replace(declared, metrics=list(dict.fromkeys([*metrics, *wanted])))

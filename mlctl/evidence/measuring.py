"""The heavy half of `eval`: candidate, baseline and incumbent on the test rows, bootstrapped together.

The incumbent is compared on rows that neither model has learnt from: what the stage holds, on test rows that
it has not seen; where these are too few (a refit has usually learnt them), the artefact of the same version
that was fitted without its own test rows; where that has seen them too, there is no comparison, and the
evaluation says why.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.datasets.tables import read_version
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import ColumnMissing, Corrupt, Missing, NotInstalled, Untrusted, UsageError
from mlctl.domain.evaluation import Evaluation, IncumbentResult
from mlctl.domain.ids import Digest
from mlctl.domain.metric import first_judged
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.prediction import WEIGHT
from mlctl.domain.progress import Event
from mlctl.evidence.behaving import behaviour_of
from mlctl.evidence.closer_looks import decision_noted, groups_of, slope_of, weak_slices, weights_noted
from mlctl.evidence.in_service import in_service
from mlctl.evidence.loading import open_predictor
from mlctl.evidence.telling import costs_apart, told
from mlctl.evidence.verdicts import Incumbent, Question
from mlctl.learning.baseline import baseline_answers, baseline_name
from mlctl.learning.evaluate import Comparison, Rival, compare, resample_unit, units_of
from mlctl.learning.fit import answers_of
from mlctl.learning.luck import Repeated
from mlctl.learning.rows import Array, targets
from mlctl.learning.tables import answered_table
from mlctl.learning.weights import weights_of
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers
from mlctl.tabular.encode import Encoder
from mlctl.tabular.expression import mask
from mlctl.tabular.parquet import table_bytes
from mlctl.tabular.schema import require_columns
from mlctl.training.asked import metric_names
from mlctl.training.learnt import (
    Learnt,
    keys_of,
    learnable_rows,
    learnt_by,
    moments_of,
    stamp,
    test_digest,
    unseen_by,
)
from mlctl.training.repeating import repeated

ENOUGH_ROWS = 30
"""Fewer rows than this are no ground for a comparison."""

_LEVELLED = "each row at the recalibration that was learnt from labels before it"
_ELSEWHERE = -2
"""A class that the candidate lacks; not -1, which is a truth that the candidate lacks."""

BLOCKS = frozenset({"row", "day", "week", "month"})
"""Units of the bootstrap that are no columns."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The rows that are evaluated on, how much each counts (None: all alike), and where they come from."""

    name: str
    digest: Digest
    table: pa.Table
    moments: Array | None
    weights: Array | None = None


def measure(session: Session, question: Question) -> Evaluation:
    """Measure; the evaluation is not stored yet.

    Raises:
        Missing, Corrupt, Untrusted: data or model cannot be had. ColumnMissing: a slice or feature lacks its
            column.
    """
    version, spec = question.version, question.spec
    signature = version.signature
    learnt = learnt_by(session, question.run, version)
    scored = _scored(session, question, learnt)
    step = f"evaluate {question.model}@{question.number} on {scored.table.num_rows} rows"
    session.report(Event(step=step, done=0, total=2))
    truth = targets(scored.table.column(signature.target), signature.classes)
    candidate = _answers(session, version, scored, truth, signature)
    simplest = baseline_name(spec, signature.task)
    baseline = _baseline(question, learnt.train, scored, truth)
    rival, result = _rival(session, question, scored, truth, question.incumbent)
    session.report(Event(step=step, done=1, total=2))
    metrics = metric_names(spec, signature.task)
    primary = first_judged(metrics, probabilities=candidate.probabilities is not None)
    unit = resample_unit(spec, scored.moments)
    test = test_digest(scored.table, version)
    luck = _luck(session, question, result, (test, truth, scored.weights), rival=rival)
    labels = labels_of(unit, scored)
    found = compare(_comparison(question, scored, metrics, labels, (candidate, baseline, rival), luck))
    champion = _champion(session, question, scored, (candidate, baseline), metrics, labels)
    session.report(Event(step=step, done=2, total=2))
    notes: dict[str, Any] = {"primary": primary, "baseline": simplest}
    notes |= decision_noted(version)
    notes |= weights_noted(spec.weight, scored.weights)
    return Evaluation(
        created_at=session.now(),
        model=question.model,
        model_digest=question.digest,
        key=question.key,
        dataset=scored.name,
        dataset_digest=scored.digest,
        stage=question.stage,
        rows=len(truth),
        resample=unit,
        units=found.units,
        samples=spec.eval.samples,
        seed=question.seed,
        metrics=found.metrics,
        slices=found.slices,
        baseline=found.baseline,
        baseline_difference=found.baseline_difference,
        incumbent=told(result, found, primary, luck, f"{question.model}@{question.number}"),
        predictions=_kept(session, scored, signature, (candidate, baseline, rival)),
        search=weak_slices(question, scored.table, candidate, labels),
        champion=champion,
        behaviour=behaviour_of(session, question, scored.table),
        fairness=groups_of(question, scored.table, scored.name, candidate, labels),
        test=test,
        test_from=_stamped(scored.moments, np.min),
        test_through=_stamped(scored.moments, np.max),
        **in_service(session, question, scored.table),
        notes=notes | _overlap(session, question, scored) | slope_of(question, candidate, labels),
    )


def _baseline(question: Question, train: pa.Table, scored: Scored, truth: Array) -> Answers:
    signature = question.version.signature
    return baseline_answers(
        baseline_name(question.spec, signature.task),
        targets(train.column(signature.target), signature.classes),
        truth,
        signature.classes,
        signature.cheapest,
        learnt_weights=weights_of(train, question.spec.weight),
        weights=scored.weights,
        terms=signature.terms,
    )


def _stamped(moments: Array | None, which: Callable[[Array], Any]) -> str | None:
    return None if moments is None else stamp(which(moments))


def _kept(
    session: Session, scored: Scored, signature: Signature, answers: tuple[Answers, Answers, Rival | None]
) -> Digest:
    """The rows and what candidate, baseline and incumbent answered to them, as an object.

    Of the incumbent only what was compared: rows that it has learnt from would flatter it.
    """
    candidate, baseline, rival = answers
    rivals = {"baseline": baseline} | ({"incumbent": _compared(rival)} if rival is not None else {})
    columns = [column.name for column in signature.inputs]
    table = answered_table(scored.table, columns, signature, candidate, rivals)
    if scored.weights is not None:
        table = table.append_column(WEIGHT, pa.array(scored.weights))
    return session.repository.objects.put(table_bytes(table))


def _compared(rival: Rival) -> Answers:
    """A rival's answers where they count; NaN or -1 elsewhere."""
    found = rival.answers
    nothing = -1 if found.classes else np.nan
    probabilities = found.probabilities
    if probabilities is not None:
        probabilities = np.where(rival.mask[:, None], probabilities, np.nan)
    return replace(found, output=np.where(rival.mask, found.output, nothing), probabilities=probabilities)


def _comparison(
    question: Question,
    scored: Scored,
    metrics: tuple[str, ...],
    labels: Array,
    answers: tuple[Answers, Answers, Rival | None],
    luck: tuple[Repeated, Repeated],
) -> Comparison:
    """What is bootstrapped: `answers` are those of candidate, baseline and incumbent."""
    asked = question.spec.eval
    candidate, baseline, rival = answers
    return Comparison(
        metrics=metrics,
        candidate=candidate,
        baseline=baseline,
        labels=labels,
        samples=asked.samples,
        seed=question.seed,
        slices={name: mask(scored.table, text, scored.name) for name, text in asked.slices.items()},
        rival=rival,
        repeated=luck,
    )


def _luck(
    session: Session,
    question: Question,
    result: IncumbentResult,
    rows: tuple[Digest, Array, Array | None],
    *,
    rival: Rival | None,
) -> tuple[Repeated, Repeated]:
    """What is known of the luck of both sides' seeds; of fits to the same rows, their answers."""
    incumbent, signature = question.incumbent, question.version.signature
    if incumbent is None or rival is None:
        return Repeated(), Repeated()
    own = repeated(session, question.digest, question.version, rows, signature)
    tested = session.repository.facts.get(ModelVersion, incumbent.tested)
    alike = rows if result.digest == incumbent.tested else None  # what it repeats is what is compared
    return own, repeated(session, incumbent.tested, tested, alike, signature)


def labels_of(unit: str, scored: Scored) -> Array:
    """The unit of the bootstrap that each row belongs to.

    Raises:
        UsageError: blocks of time without event times. ColumnMissing: no such column.
    """
    rows = scored.table.num_rows
    if unit != "row" and unit in BLOCKS and scored.moments is None:
        raise UsageError(
            f"eval.resample = {unit!r} needs event times, and {scored.name} declares none",
            "mlctl spec explain",
        )
    if unit in BLOCKS:
        return units_of(unit, rows, scored.moments, None)
    require_columns(scored.table, [unit], scored.name)
    return units_of(unit, rows, None, scored.table.column(unit).to_pylist())


def _scored(session: Session, question: Question, learnt: Learnt) -> Scored:
    if question.data is None:
        use = next((use for use in question.run.data if use.role == "test"), question.run.data[0])
        return Scored(
            name=use.name,
            digest=use.digest,
            table=learnt.test,
            moments=learnt.test_moments,
            weights=weights_of(learnt.test, question.spec.weight),
        )
    name, number, digest = question.data
    label = f"{name}@{number}"
    table = read_version(session, session.repository.facts.get(DatasetVersion, digest))
    kept = learnable_rows(table, question.spec, label, where=False).table
    moments, weights = moments_of(kept, learnt.source), weights_of(kept, question.spec.weight)
    return Scored(name=name, digest=digest, table=kept, moments=moments, weights=weights)


def _answers(
    session: Session, version: ModelVersion, scored: Scored, truth: Array, signature: Signature
) -> Answers:
    """A version's answers in the class order of another signature."""
    own = version.signature
    predictor = open_predictor(session, version)
    encoder, level, weights = Encoder(version.features), version.level, scored.weights
    terms = signature.terms
    found = answers_of(
        predictor, encoder, scored.table, truth, own.classes, level=level, weights=weights, terms=terms
    )
    if own.classes == signature.classes:
        return found
    place = np.array(
        [
            signature.classes.index(label) if label in signature.classes else _ELSEWHERE
            for label in own.classes
        ]
    )
    probabilities = None
    if found.probabilities is not None:
        probabilities = np.zeros((len(truth), len(signature.classes)))
        probabilities[:, place[place >= 0]] = found.probabilities[:, place >= 0]
    return Answers(
        truth=truth,
        output=place[found.output],
        probabilities=probabilities,
        classes=len(signature.classes),
        positive=len(signature.classes) - 1 if signature.task == "binary" else 1,
        weights=weights,
        terms=terms,
    )


def _champion(
    session: Session,
    question: Question,
    scored: Scored,
    answers: tuple[Answers, Answers],
    metrics: tuple[str, ...],
    labels: Array,
) -> IncumbentResult | None:
    """The comparison with the last version that was shown to be better; None where that is the incumbent.

    `answers` are those of candidate and baseline.
    """
    if question.champion is None:
        return None
    rival, result = _rival(session, question, scored, answers[0].truth, question.champion)
    if rival is None:
        return result
    nothing = (Repeated(), Repeated())
    comparison = _comparison(question, scored, metrics, labels, (*answers, rival), nothing)
    found = compare(replace(comparison, slices={}))
    return msgspec.structs.replace(result, metrics=found.incumbent)


def _rival(
    session: Session, question: Question, scored: Scored, truth: Array, incumbent: Incumbent | None
) -> tuple[Rival | None, IncumbentResult]:
    """A champion's answers where a comparison is fair, and the record of it without numbers."""
    if incumbent is None:
        return None, IncumbentResult(why=f"stage {question.stage} holds nothing else")
    facts = session.repository.facts
    deployed = facts.get(ModelVersion, incumbent.deployed)
    wanted = question.version.signature
    if deployed.signature.predicts != wanted.predicts:
        why = f"version {incumbent.number} predicts {deployed.signature.predicts}"
        return None, IncumbentResult(version=incumbent.number, digest=incumbent.deployed, why=why)
    own = _unlearnt(session, question, scored)
    for name, held in (("deployed", incumbent.deployed), ("tested", incumbent.tested)):
        holds = facts.get(ModelVersion, held)
        fresh = own & unseen_by(holds, keys_of(session, holds), scored.table, scored.moments)
        if fresh.sum() < ENOUGH_ROWS:
            continue
        try:
            answers = _answers(session, holds, scored, truth, wanted)
        except (ColumnMissing, Missing, Corrupt, Untrusted, NotInstalled) as error:
            why = f"version {incumbent.number} cannot score these rows: {error.message}"
            return None, IncumbentResult(version=incumbent.number, digest=held, artefact=name, why=why)
        answers = _without_hindsight(session, question, (held, holds), answers, scored)
        why = _LEVELLED if holds.level_through is not None else ""
        why = "what the stage holds has learnt from these rows" if name == "tested" else why
        costs = costs_apart(wanted, holds.signature, f"version {incumbent.number}")
        why, rows = "; ".join(filter(None, (why, costs))), int(fresh.sum())
        result = IncumbentResult(version=incumbent.number, digest=held, artefact=name, rows=rows, why=why)
        aside = frozenset({"cost"} if costs else ())
        return Rival(answers=answers, mask=fresh, aside=aside), result
    learners = (
        f"version {incumbent.number}"
        if own.all()
        else f"one of versions {question.number} and {incumbent.number}"
    )
    why = f"{learners} has learnt from all but fewer than {ENOUGH_ROWS} of these rows"
    return None, IncumbentResult(version=incumbent.number, digest=incumbent.deployed, why=why)


def _without_hindsight(
    session: Session, question: Question, held: tuple[Digest, ModelVersion], answers: Answers, scored: Scored
) -> Answers:
    """The incumbent's answers, each row at the level that was learnt from labels before it.

    A recalibration learns its level from the newest labels; where these are among the rows, its own level
    would favour it over a candidate that has not seen them.
    """
    digest, version = held
    if scored.moments is None or version.level_through is None:
        return answers
    names = session.repository.decisions.names()
    number = names.number_of(f"models/{question.model}", digest)
    steps = sorted(
        (np.datetime64(one.level_through.removesuffix("Z"), "ms"), one.created_at, one.level)
        for found, one in session.repository.facts.where(ModelVersion, run=version.run)
        if one.level_through is not None
        and one.artefacts == version.artefacts
        and names.number_of(f"models/{question.model}", found) == number
    )
    levels = np.array([1.0, *(level for _, _, level in steps)])
    then = levels[np.searchsorted(np.array([through for through, _, _ in steps]), scored.moments)]
    return replace(answers, output=answers.output / version.level * then)


def _overlap(session: Session, question: Question, scored: Scored) -> dict[str, int]:
    """How many of the scored rows the candidate itself has learnt from, where other rows were asked for."""
    if question.data is None:
        return {}
    fresh = _unlearnt(session, question, scored)
    return {"learnt_rows": int(len(fresh) - fresh.sum())}


def _unlearnt(session: Session, question: Question, scored: Scored) -> Array:
    """The scored rows that the candidate has not learnt from: all of its own test rows."""
    if question.data is None:
        return np.ones(scored.table.num_rows, dtype=bool)
    version = question.version
    return unseen_by(version, keys_of(session, version), scored.table, scored.moments)

"""What a stage's gates ask besides metrics, and what the log says against a promotion."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from mlctl.domain.compatibility import forgotten, refused
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.duration import duration
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.gate import GateDecision, Reason
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.spec_gates import MostSpec, StageGates
from mlctl.evidence.approvals import judged_approvals
from mlctl.project.session import Session
from mlctl.project.stops import freeze_of, frozen_reason, retired_reason, retirement_of


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a version for a stage, on these names.

    Attributes:
        digest, version: of the tested artefact.
        refit: whether the stage would hold a refit of it on all rows.
        incumbent: digest of what the stage holds.
        strict: whether names that the model does not know are refused where it serves.
    """

    model: str
    number: int
    digest: Digest
    version: ModelVersion
    refit: bool
    incumbent: Digest | None
    strict: bool
    evaluation: Evaluation
    stage: str
    names: Names


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one condition; None: it could not be judged. Its `why` is the evidence, either way."""

    held: bool | None
    reason: Reason


def with_conditions(
    session: Session, gates: StageGates, asked: Promotion, decision: GateDecision
) -> GateDecision:
    """The answer of the metrics' gates, joined by that of everything else."""
    found = list(_judged(session, gates, asked))
    against = tuple(one.reason for one in found if one.held is False)
    return msgspec.structs.replace(
        decision,
        passed=decision.passed and not against,
        reasons=(*against, *decision.reasons),
        skipped=(*(one.reason for one in found if one.held is None), *decision.skipped),
        held=(*decision.held, *(one.reason for one in found if one.held)),
    )


def _judged(session: Session, gates: StageGates, asked: Promotion) -> Iterator[Found]:
    freeze = freeze_of(session, asked.names, asked.model, asked.stage)
    if freeze is not None:
        yield Found(held=False, reason=frozen_reason(freeze))
    retirement = retirement_of(session, asked.names, asked.model, asked.number)
    if retirement is not None:
        yield Found(held=False, reason=retired_reason(retirement))
    if gates.after is not None:
        yield _after(asked, gates.after)
    if gates.schema is not None:
        yield from _schema(session, asked)
    yield from _costs(gates, asked)
    if gates.age is not None:
        yield _age(session, asked, gates.age.max)
    if gates.data_checks:
        yield _checks(asked)
    if gates.approvals is not None:
        version = (asked.model, asked.number, asked.digest)
        held, reason = judged_approvals(session, asked.names, version, asked.stage, gates.approvals)
        yield Found(held=held, reason=reason)


def _after(asked: Promotion, before: str) -> Found:
    held = asked.names.has_held(stage_name(asked.model, before), f"models/{asked.model}", asked.number)
    label = f"{asked.model}@{asked.number}"
    why = f"{label} {'has' if held else 'has not'} held {before}, which comes before {asked.stage}"
    return Found(held=held, reason=_reason("after", why))


def _schema(session: Session, asked: Promotion) -> Iterator[Found]:
    """One reason a column whose requests would be refused, by what is declared and by what was tried."""
    if asked.incumbent is None:
        yield Found(held=None, reason=_reason("schema", "the stage holds nothing yet"))
        return
    before = session.repository.facts.get(ModelVersion, asked.incumbent).signature
    label = f"version {asked.names.number_of(f'models/{asked.model}', asked.incumbent)}"
    columns = dict(refused(before, asked.version.signature, strict=asked.strict))
    replay = asked.evaluation.replay
    if replay is not None and replay.why and replay.column not in columns:
        columns[replay.column or "a request"] = replay.why
    for column, why in columns.items():
        yield Found(held=False, reason=_reason("schema", f"a request that {label} takes: {column}: {why}"))
    if columns:
        return
    if replay is None or not replay.rows:
        yield Found(held=None, reason=_reason("schema", f"no request of {label} is here to be tried"))
        return
    unseen = forgotten(before, asked.version.signature)
    told = "".join(f"; {count} values of {name} are unseen now" for name, count in unseen.items())
    why = f"takes every request that {label} takes; {replay.rows} were tried{told}"
    yield Found(held=True, reason=_reason("schema", why))


def _costs(gates: StageGates, asked: Promotion) -> Iterator[Found]:
    """What it takes to have the model answer, as it was measured where it was evaluated."""
    in_use = asked.evaluation.in_use
    if gates.size_mb is not None:
        size = in_use.bytes / 1e6 if in_use is not None else None
        yield _most("size_mb", "its files are", "MB", size, gates.size_mb)
    if gates.latency_ms is not None:
        latency = in_use.latency_ms if in_use is not None else None
        yield _most("latency_ms", "one row takes", "ms", latency, gates.latency_ms)
    if gates.memory_mb is not None:
        memory = in_use.memory / 1e6 if in_use is not None and in_use.memory is not None else None
        what = "loading it and answering the test rows needs"
        yield _most("memory_mb", what, "MB", memory, gates.memory_mb)


def _most(gate: str, what: str, unit: str, value: float | None, asked: MostSpec) -> Found:
    if value is None:
        return Found(held=False, reason=_reason(gate, "it could not be measured", limit=asked.max))
    held = value <= asked.max
    why = f"{what} {value:.4g} {unit}, {'at most' if held else 'more than'} {asked.max:g}"
    return Found(held=held, reason=_reason(gate, why, value=value, limit=asked.max))


def _age(session: Session, asked: Promotion, most: str) -> Found:
    """By the newest row that what goes live has learnt from; by its dataset where rows have no time."""
    newest = [asked.version.learnt_through, asked.evaluation.test_through if asked.refit else None]
    moments = [text for text in newest if text is not None]
    what = "the newest row that it learns from is of"
    if not moments or asked.version.learnt_through is None:
        facts = session.repository.facts
        known = [digest for digest in asked.version.datasets if facts.has(DatasetVersion, digest)]
        moments = [facts.get(DatasetVersion, digest).created_at for digest in known]
        what = "rows have no time, and their dataset was added"
    if not moments:
        return Found(held=False, reason=_reason("age", "nobody knows what it learnt from"))
    since = datetime.fromisoformat(max(moments))
    since = since if since.tzinfo is not None else since.replace(tzinfo=UTC)
    span = duration(most)
    held = not session.has_passed(span, since)
    why = f"{what} {max(moments)}, {'not' if held else 'longer'} {'longer ' if held else ''}ago than {most}"
    return Found(held=held, reason=_reason("age", why, limit=span.total_seconds() / 86400))


def _checks(asked: Promotion) -> Found:
    checked = asked.evaluation.data_checks
    if checked is None or not checked.checks:
        why = "the data that it was trained on have no checks in mlctl.toml"
        return Found(held=False, reason=_reason("data_checks", why))
    if checked.failed:
        return Found(
            held=False, reason=_reason("data_checks", f"{checked.data}: {'; '.join(checked.failed)}")
        )
    told = "1 check holds" if checked.checks == 1 else f"{checked.checks} checks hold"
    return Found(held=True, reason=_reason("data_checks", f"{told} on {checked.data}"))


def _reason(gate: str, why: str, value: float | None = None, limit: float | None = None) -> Reason:
    return Reason(gate=gate, slice=None, value=value, limit=limit, why=why)

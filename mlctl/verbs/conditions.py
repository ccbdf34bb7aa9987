"""What a stage's gates ask besides metrics, and what the log says against a promotion."""

from collections.abc import Iterator

import msgspec

from mlctl.domain.decision import Names
from mlctl.domain.gate import GateDecision, Reason
from mlctl.domain.ids import Digest
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.spec_gates import StageGates
from mlctl.verbs.approvals import judged_approvals
from mlctl.verbs.session import Session
from mlctl.verbs.stops import freeze_of, frozen_reason, retired_reason, retirement_of


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a version for a stage, on these names."""

    model: str
    number: int
    digest: Digest
    stage: str
    names: Names


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one condition; `held` with the evidence for it as its `why`."""

    held: bool
    reason: Reason


def with_conditions(
    session: Session, gates: StageGates, asked: Promotion, decision: GateDecision
) -> GateDecision:
    """The answer of the metrics' gates, joined by that of everything else."""
    found = list(_judged(session, gates, asked))
    against = tuple(one.reason for one in found if not one.held)
    return msgspec.structs.replace(
        decision,
        passed=decision.passed and not against,
        reasons=(*against, *decision.reasons),
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
    if gates.approvals is not None:
        version = (asked.model, asked.number, asked.digest)
        held, reason = judged_approvals(session, asked.names, version, asked.stage, gates.approvals)
        yield Found(held=held, reason=reason)


def _after(asked: Promotion, before: str) -> Found:
    held = asked.names.has_held(stage_name(asked.model, before), f"models/{asked.model}", asked.number)
    label = f"{asked.model}@{asked.number}"
    why = f"{label} {'has' if held else 'has not'} held {before}, which comes before {asked.stage}"
    return Found(held=held, reason=_reason("after", why))


def _reason(gate: str, why: str, value: float | None = None, limit: float | None = None) -> Reason:
    return Reason(gate=gate, slice=None, value=value, limit=limit, why=why)

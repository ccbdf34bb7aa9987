"""`build`: bring up to date what `plan` calls stale: data, then train, evaluate and promote.

A refused gate stops the model that it refuses and is the answer (exit 40); the other models are still built.
"""

from typing import Any

import msgspec

from mlctl.domain.errors import GateRefused, MlctlError
from mlctl.domain.outcome import Outcome
from mlctl.domain.plan import State, Step
from mlctl.domain.requests.build import BuildRequest, BuildResult
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.engines import engine
from mlctl.project.session import Session
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.steps import steps_of
from mlctl.verbs.train import train


class Building(msgspec.Struct, kw_only=True):
    """What has been done so far.

    Attributes:
        failed: the first step of a model that failed or was refused; its later steps are not tried.
        labels: by model, the version that is built.
    """

    steps: list[Step] = msgspec.field(default_factory=list)
    failed: dict[str, str] = msgspec.field(default_factory=dict)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    reasons: list[dict[str, Any]] = msgspec.field(default_factory=list)
    error: MlctlError | None = None


def build(session: Session, request: BuildRequest) -> Outcome[BuildResult]:
    """Carry out the stale steps.

    Raises:
        GateRefused: a gate refused a version; with the full result.
        MlctlError: what the first failed step raised.
    """
    steps = steps_of(session, request.model, request.to)
    if request.dry_run or all(step.state == "fresh" for step in steps):
        return Outcome(data=BuildResult(steps=steps, changed=False))
    building = Building()
    for step in steps:
        building.steps.append(
            step if step.state == "fresh" else _carried_out(session, step, request.to, building)
        )
    result = BuildResult(
        steps=tuple(building.steps),
        changed=any(step.state == "done" for step in building.steps),
        reasons=tuple(building.reasons),
    )
    if isinstance(building.error, GateRefused):
        raise GateRefused(
            building.error.message, *building.error.hints, data=result, reasons=building.reasons
        ) from building.error
    if building.error is not None:
        raise building.error
    return Outcome(data=result, next=(f"mlctl serve {next(iter(building.labels))}@{request.to}",))


def _carried_out(session: Session, step: Step, to: str, building: Building) -> Step:
    verb, _, subject = step.step.partition(" ")
    waits = building.failed.get(subject) or (building.failed.get("") if verb != "data" else None)
    if waits is not None:
        return msgspec.structs.replace(step, state="stale", why=(f"{waits} did not succeed",))
    state: State = "done"
    try:
        why = _ACTS[verb](session, subject, to, building)
    except GateRefused as refused:
        state, why = "refused", refused.message
        building.reasons += [_builtin(reason) for reason in refused.facts.get("reasons", [])]
        building.error = building.error or refused
    except MlctlError as error:
        state, why = "failed", error.message
        building.error = building.error or error
    if state != "done":
        building.failed["" if verb == "data" else subject] = step.step
    return msgspec.structs.replace(step, state=state, why=(why,))


def _builtin(reason: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(reason))


def _add(session: Session, subject: str, to: str, building: Building) -> str:
    del to, building
    declared = session.spec.data[subject]
    added = (
        engine("adding").data_add(session, DataAddRequest(paths=(str(session.root / declared.path),))).data
    )
    return ", ".join(f"{row.name}@{row.version}" for row in added.datasets)


def _fit(session: Session, subject: str, to: str, building: Building) -> str:
    del to
    found = train(session, TrainRequest(model=subject)).data
    building.labels[subject] = f"{subject}@{found.version}"
    return building.labels[subject]


def _measure(session: Session, subject: str, to: str, building: Building) -> str:
    label = _label(session, subject, building)
    found = evaluate(session, EvalRequest(model=label, to=to)).data
    verdict = found.incumbent.verdict.replace("_", " ")
    return label if verdict == "none" else f"{label}, {verdict} beside the incumbent"


def _move(session: Session, subject: str, to: str, building: Building) -> str:
    label = _label(session, subject, building)
    found = engine("promoting").promote(session, PromoteRequest(model=label, to=to)).data
    return f"{to} holds {subject}@{found.version}"


def _label(session: Session, subject: str, building: Building) -> str:
    if subject not in building.labels:
        known = train(session, TrainRequest(model=subject)).data
        building.labels[subject] = f"{subject}@{known.version}"
    return building.labels[subject]


_ACTS = {"data": _add, "train": _fit, "eval": _measure, "promote": _move}

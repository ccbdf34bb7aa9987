"""`loop`: monitor, and where the spec gives a reason, renew the model through its gates.

One turn: look; take back a promotion that turned out worse; on an alarm (or age) that the spec names, freeze
the labelled answers with what the model had learnt from, train, evaluate beside the incumbent, promote if the
gates agree; otherwise bring the level of the answers up to date. Every step is a decision and can be undone.
"""

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from mlctl.deployment.frozen import attempts_of, freeze
from mlctl.deployment.recalibration import fresh_rows, newest_label, recalibrate
from mlctl.deployment.regret import look_back
from mlctl.deployment.view import View, take_look
from mlctl.deployment.watched import deployed_version
from mlctl.domain.duration import duration
from mlctl.domain.errors import AlarmRaised, GateRefused, NameMoved, TrainingFailed
from mlctl.domain.loop import Action, Attempt, Look, patience, reasons
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.loop import LoopRequest, LoopResult
from mlctl.domain.requests.monitor import MonitorRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.spec import AUTO_WINDOW, ModelSpec, RetrainSpec
from mlctl.project.session import Session
from mlctl.project.stops import freeze_of, frozen_reason
from mlctl.transport.publishing import final_number, follow_remote, publish_waiting
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train

if TYPE_CHECKING:
    from mlctl.domain.decision import Actor

FIRST_DAYS = 7
"""Labelled days newer than what the model learnt, before a first renewal."""


def loop(session: Session, request: LoopRequest) -> Outcome[LoopResult]:
    """One turn.

    Raises:
        AlarmRaised: an alarm stands after the turn; with the full result.
        NotFound: no such model, or nothing in its stage.
    """
    model = session.model_name(request.model)
    acting = _as_loop(session)
    if not request.dry_run:
        follow_remote(acting)
    view = take_look(acting, model, request.stage, MonitorRequest(model=model, check=request.dry_run))
    before = _seen(view)
    actions = _act(acting, view, dry_run=request.dry_run)
    if not request.dry_run:
        publish_waiting(acting)
        actions = [
            msgspec.structs.replace(one, decision=final_number(acting, one.decision)) for one in actions
        ]
    session.warnings += acting.warnings
    result = LoopResult(
        model=model,
        stage=request.stage,
        alarm=bool(view.seen.alarms) and not _renewed(actions),
        actions=tuple(actions),
        before=before,
        after=_after(acting, view, before),
        changed=any(action.result.startswith("done") for action in actions),
        why=view.result.why,
    )
    if result.alarm:
        told = "; ".join(f"{alarm.type} alarm: {alarm.why}" for alarm in view.seen.alarms)
        raise AlarmRaised(
            f"{model}@{before.version}: {told}", f"mlctl monitor {model}", data=result, model=model
        )
    return Outcome(data=result, warnings=view.result.why)


def _as_loop(session: Session) -> Session:
    """The same session with decisions made via the loop."""
    actor: Actor = msgspec.structs.replace(session.actor, via="loop")
    acting = Session(
        session.repository, command=session.command, report=session.report, clock=session.clock, actor=actor
    )
    acting.spec = session.spec
    return acting


def _act(session: Session, view: View, *, dry_run: bool) -> list[Action]:
    spec = session.model_spec(view.result.model)
    if spec.retrain is None:
        why = f"nothing: the spec has no [model.{view.result.model}.retrain]"
        return [Action(action="none", result=why)]
    names = session.repository.decisions.names()
    regretted = look_back(session, view, names, dry_run=dry_run)
    if regretted is not None:
        return [regretted]
    actions = _renew(session, view, spec, spec.retrain, names, dry_run=dry_run)
    if spec.retrain.recalibrate is not None and not _renewed(actions):
        names = session.repository.decisions.names()
        level = recalibrate(session, view, spec.retrain.recalibrate, names, dry_run=dry_run)
        actions += [level] if level is not None else []
    return actions or [Action(action="none", result="nothing: no alarm that the spec renews for")]


def _renewed(actions: list[Action]) -> bool:
    """Whether another model holds the stage now."""
    return any(
        action.action in {"promote", "rollback"} and action.result.startswith("done") for action in actions
    )


def _renew(
    session: Session, view: View, spec: ModelSpec, retrain: RetrainSpec, names: Names, *, dry_run: bool
) -> list[Action]:
    model, stage = view.result.model, view.result.stage
    newest = newest_label(view)
    if newest is None:
        return [Action(action="none", result="waiting: no labels have come")] if view.seen.alarms else []
    learnt = view.deployed.model.learnt_through
    age = (
        (newest - np.datetime64(learnt.rstrip("Z"), "ms")).astype("timedelta64[s]").item() if learnt else None
    )
    why = reasons(retrain.when, [alarm.type for alarm in view.seen.alarms], age)
    if not why:
        return []
    waiting = _too_early(session, view, retrain, attempts_of(session, model, stage, names, retrain.then))
    if waiting is not None:
        return [Action(action="none", result=f"waiting: {waiting} ({', '.join(why)})")]
    freeze = freeze_of(session, names, model, stage) if retrain.then == "promote" else None
    if freeze is not None:  # nothing is trained that could not go anywhere
        return [Action(action="promote", result=f"refused: {frozen_reason(freeze).why} ({', '.join(why)})")]
    if dry_run:
        return [Action(action="train", result=f"would: renew {model} because of {', '.join(why)}")]
    return _renewal(session, view, spec, retrain, ", ".join(why))


def _too_early(session: Session, view: View, retrain: RetrainSpec, attempts: list[Attempt]) -> str | None:
    """Why another attempt makes no sense yet, or None."""
    del session
    rows = fresh_rows(view, None)
    days = np.unique(view.answered.time[rows].astype("datetime64[D]"))
    if len(rows) < view.rules.min_rows or len(days) < min(FIRST_DAYS, duration(retrain.test).days or 1):
        return f"{len(days)} labelled days are newer than what the model learnt, {FIRST_DAYS} are needed"
    if not attempts:
        return None
    newest = np.datetime64(newest_label(view), "D")
    last = np.datetime64(attempts[-1].through.rstrip("Z"), "D")
    wait = patience(duration(retrain.test), attempts)
    have = int((newest - last) / np.timedelta64(1, "D"))
    if have >= wait.days:
        return None
    said = "was promoted" if attempts[-1].promoted else "was refused"
    return f"{have} labelled days since the last attempt, which {said}; the next one after {wait.days}"


def _renewal(session: Session, view: View, spec: ModelSpec, retrain: RetrainSpec, why: str) -> list[Action]:
    """Freeze, train, evaluate, promote: what came of each."""
    model, stage = view.result.model, view.result.stage
    actions = []
    data = None
    if retrain.data == "served":
        session.report(Event(step=f"freeze what {model} answered"))
        frozen = freeze(session, model, spec, view.deployed.model, view.answered)
        data = f"{frozen.name}@{frozen.number}"
        actions.append(
            Action(
                action="freeze", result=f"done: {data}, {frozen.rows} rows, {frozen.served} of them served"
            )
        )
    try:
        trained = train(
            session,
            TrainRequest(
                model=model,
                data=data,
                window=AUTO_WINDOW if retrain.window == "auto" else retrain.window,
                test=retrain.test,
                purpose="loop",
                apply_where=retrain.data != "served",
            ),
        ).data
    except TrainingFailed as error:
        return [*actions, Action(action="train", result=f"refused: {error.message}")]
    label = f"{model}@{trained.version}"
    said = f"done: {label}" if trained.changed else f"nothing: these rows have given {label} already"
    actions.append(Action(action="train", result=f"{said}, because of {why}", version=trained.version))
    evaluated = evaluate(session, EvalRequest(model=label, to=stage)).data
    verdict = evaluated.incumbent.verdict.replace("_", " ")
    actions.append(
        Action(
            action="eval",
            result=f"done: {verdict} beside the incumbent on {evaluated.incumbent.rows} rows",
            version=trained.version,
        )
    )
    if retrain.then == "candidate":
        candidate = Action(action="none", result=f"done: {label} stays a candidate, as the spec says")
        return [*actions, candidate]
    return [*actions, _promotion(session, view, label, why, trained.version)]


def _promotion(session: Session, view: View, label: str, why: str, version: int | None) -> Action:
    """Promote over the model that was looked at, and over no other: whoever moved the stage had reasons."""
    stage = view.result.stage
    request = PromoteRequest(model=label, to=stage, reason=f"loop: {why}", expected=view.deployed.digest)
    try:
        moved = promote(session, request).data
    except GateRefused as refused:
        return Action(action="promote", result=f"refused: {refused.message}", version=version)
    except NameMoved as error:
        return Action(action="promote", result=f"waiting: {error.message}", version=version)
    if not moved.changed:
        return Action(action="none", result=f"nothing: {stage} holds {label} already", version=version)
    said = f"done: {label} holds {stage}, was {moved.previous}"
    return Action(action="promote", result=said, version=moved.version, decision=moved.decision)


def _seen(view: View) -> Look:
    """What the stage held at the look, and how it did."""
    judged = view.seen.judged
    values = {} if judged is None else judged.performance
    return Look(
        version=view.result.version,
        digest=view.deployed.digest,
        window=None if judged is None else judged.start,
        performance={name: one.value for name, one in values.items() if one.value is not None},
        level=view.deployed.model.level,
    )


def _after(session: Session, view: View, before: Look) -> Look:
    """What the stage holds now; how it does is only known later."""
    names = session.repository.decisions.names()
    deployed = deployed_version(session, view.result.model, view.result.stage, names)
    if deployed.digest == before.digest:
        return before
    number = names.number_of(f"models/{view.result.model}", deployed.digest)
    return Look(version=number, digest=deployed.digest, level=deployed.model.level)

"""What is behind in a model's life: training, evaluation, stages, monitor; asked as the verbs ask.

`train` would have something to do where no finished run has its key; `eval` where its question has no answer;
`promote` where a newer version stands beside a stage and its gates do not refuse it. Imports no engine.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from mlctl.domain.duration import duration
from mlctl.domain.errors import MlctlError
from mlctl.domain.looks import looked_at
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.names import Names
from mlctl.domain.prediction import PredictionBatch
from mlctl.domain.requests.status import DatasetStatus, ModelStatus, Stale
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_gates import StageGates
from mlctl.evidence.verdicts import answered, ask, judge
from mlctl.project.session import Session
from mlctl.project.stops import freezes_of, retirement_of
from mlctl.training.recipe import FIT, Recipe, known_run, recipe_of
from mlctl.training.uses import change_since


def model_status(
    session: Session, name: str, spec: ModelSpec, names: Names, data: DatasetStatus | None
) -> ModelStatus:
    """A model of the spec with all that is behind."""
    versions = names.versions(f"models/{name}")
    stages = {
        full.rsplit("/", maxsplit=1)[-1]: number
        for full, digest in names.under(f"stages/{name}/").items()
        if (number := names.number_of(f"models/{name}", digest)) is not None
    }
    frozen = {stop.name: stop.told for stop in freezes_of(session, names, name)}
    if not versions:
        first = Stale(what=f"train {name}", why="it has never been trained", next=f"mlctl train {name}")
        return ModelStatus(name=name, version=None, stages=stages, stale=(first,), frozen=frozen)
    number = max(versions)
    stale = [
        *_training(session, name, spec, number, data),
        *_stages(session, name, spec, stages, number),
        *_monitor(session, name, spec, stages),
    ]
    return ModelStatus(name=name, version=number, stages=stages, stale=tuple(stale), frozen=frozen)


def _training(
    session: Session, name: str, spec: ModelSpec, number: int, data: DatasetStatus | None
) -> list[Stale]:
    """Why `train` would fit something new; nothing where it would not."""
    try:
        recipe = recipe_of(session, TrainRequest(model=name))
    except MlctlError as error:
        return [
            Stale(what=f"train {name}", why=error.message, next=next(iter(error.hints), "mlctl spec explain"))
        ]
    if recipe.key is None:
        why = [f"{data.path} has changed" if data else f"{spec.data} has no version"]
    elif known := known_run(session, recipe.key):
        why = [] if known.number is not None else ["the version of these inputs was withdrawn"]
    else:
        why = _changes(session, name, number, recipe)
    return [Stale(what=f"train {name}", why=reason, next=f"mlctl train {name}") for reason in why]


def _changes(session: Session, name: str, number: int, recipe: Recipe) -> list[str]:
    """What is not as it was in the newest run that `train` made."""
    runs = session.repository.facts.where(Run, model=name, status="finished")
    before = next((run for _, run in reversed(runs) if run.purpose == "train"), None)
    if before is None:
        return [f"{name}@{number} was not made by `mlctl train`"]
    why = []
    used = next((use for use in before.data if use.name == recipe.spec.data), None)
    if used is not None and recipe.data is not None and used.digest != recipe.data.digest:
        names = session.repository.decisions.names()
        learnt = names.number_of(f"datasets/{used.name}", used.digest)
        since = f"{used.name}@{learnt}" if learnt is not None else "another version"
        why.append(f"the newest run learnt from {since}, the work tree holds {recipe.data.label}")
    changed = _changed_keys(session, before, recipe.spec)
    if changed:
        why.append(f"the spec has changed since the newest run: {', '.join(changed)}")
    change = change_since(session, before)
    if change is not None:
        why.append(change)
    return why or ["the packages that compute, or mlctl itself, have changed since the newest run"]


def _changed_keys(session: Session, run: Run, spec: ModelSpec) -> list[str]:
    try:
        kept = msgspec.json.decode(session.repository.objects.read(run.spec))
    except (MlctlError, msgspec.DecodeError):
        return []  # damage is fsck's to report
    now = msgspec.to_builtins(spec)
    if not isinstance(kept, dict):
        return []
    was = kept.get("eval", {})
    decisions = [f"eval.{key}" for key in ("threshold", "costs") if was.get(key) != now["eval"][key]]
    return [key for key in ("data", *FIT) if kept.get(key) != now[key]] + decisions


def _stages(session: Session, name: str, spec: ModelSpec, stages: dict[str, int], number: int) -> list[Stale]:
    """Stages that a newer version could take, and what is to be done first."""
    found = []
    label = f"{name}@{number}"
    names = session.repository.decisions.names()
    if retirement_of(session, names, name, number) is not None:
        return []
    for stage in spec.gates or {"production": StageGates()}:
        held = stages.get(stage)
        gave_up = names.gave_up(f"stages/{name}/{stage}", f"models/{name}", number)
        if held is not None and (held >= number or gave_up):
            continue
        question = ask(session, label, stage)
        evaluated = answered(session, question)
        if evaluated is None:
            why = f"{label} has not been evaluated for {stage}"
            command = f"mlctl eval {label}" if stage == "production" else f"mlctl eval {label} --to {stage}"
            found.append(Stale(what=f"eval {name}", why=why, next=command))
        elif judge(session, question, evaluated[1]).passed:
            why = f"{stage} holds {f'{name}@{held}' if held else 'nothing'}, and {label} is newer"
            found.append(Stale(what=f"promote {name}", why=why, next=f"mlctl promote {label} --to {stage}"))
    return found


def _monitor(session: Session, name: str, spec: ModelSpec, stages: dict[str, int]) -> list[Stale]:
    """Whether an alarm stands, or answers have been logged that nobody has looked at for a window."""
    if not stages:
        return []
    facts = session.repository.facts
    reports = facts.where(MonitorReport, model=name)
    newest = reports[-1][1] if reports else None
    if newest is not None and newest.alarm:
        why = f"an alarm stood when the monitor last looked, {newest.created_at}"
        return [Stale(what=f"monitor {name}", why=why, next=f"mlctl loop {name} --once")]
    if newest is not None:
        since_then = datetime.fromisoformat(newest.created_at)
        if not session.has_passed(duration(spec.monitor.window), since_then):
            return []
    since = newest.created_at if newest else ""
    logged = any(batch.last_time > since for _, batch in facts.where(PredictionBatch, model=name)) or _logs(
        session.repository.layout.live_predictions / name
    )
    if not logged:
        return []
    why = f"answers have been logged since {since}" if since else "nobody has looked at its answers yet"
    return [Stale(what=f"monitor {name}", why=why, next=f"mlctl monitor {name}")]


def _logs(folder: Path) -> bool:
    """Whether a live segment holds anything; once one does, it does for as long as it is there."""
    looked_at(folder)
    for path in sorted(folder.glob("*.log")):
        if path.stat().st_size:
            return True
        looked_at(path)
    return False

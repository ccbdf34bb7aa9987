"""The steps of a build and their states.

Each step is asked the way it would be carried out, as a dry run of its verb: same keys, same answer. A step
that follows from a stale one is stale too, whatever it would say by itself. Nothing heavy is loaded.
"""

from mlctl.domain.plan import State, Step, after
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.status import DatasetStatus, StatusRequest, StatusResult
from mlctl.domain.requests.train import TrainRequest, TrainResult
from mlctl.domain.split_words import rule
from mlctl.project.session import Session
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.status import status
from mlctl.verbs.train import train


def steps_of(session: Session, model: str | None, to: str) -> tuple[Step, ...]:
    """Data, training, evaluation and promotion of the models, in the order of a build."""
    models = list(session.spec.model) if model is None else [session.model_name(model)]
    seen = status(session, StatusRequest()).data
    wanted = dict.fromkeys(session.model_spec(name).data for name in models)
    steps = [_data(dataset) for dataset in seen.datasets if dataset.name in wanted]
    for name in models:
        steps += _of_model(session, name, to, seen, tuple(steps))
    return tuple(steps)


def _data(dataset: DatasetStatus) -> Step:
    step = f"data {dataset.name}"
    if not dataset.stale:
        return Step(step=step, state="fresh", next=f"mlctl data status {dataset.name}")
    why = tuple(stale.why for stale in dataset.stale)
    return Step(step=step, state="stale", why=why, next=dataset.stale[0].next)


def _of_model(
    session: Session, name: str, to: str, seen: StatusResult, before: tuple[Step, ...]
) -> list[Step]:
    data = session.model_spec(name).data
    why = after(before, ("data",), (data,))
    told = tuple(
        stale.why
        for model in seen.models
        if model.name == name
        for stale in model.stale
        if stale.what.startswith("train")
    )
    trained = None if why else train(session, TrainRequest(model=name, dry_run=True)).data
    if trained is None or trained.changed or trained.version is None:
        reasons = tuple(dict.fromkeys([*why, *told])) or ("these inputs have not been fitted yet",)
        split = trained.split if trained is not None else (rule(session.model_spec(name).split),)
        split += _untraced(session, name)
        first = Step(step=f"train {name}", state="stale", why=reasons, next=f"mlctl train {name}", told=split)
        return [first, *_following(name, to)]
    label = f"{name}@{trained.version}"
    told = (*trained.split, *_untraced(session, name))
    done = Step(step=f"train {name}", state="fresh", why=(label,), next=f"mlctl train {name}", told=told)
    return [done, *_of_version(session, name, to, label, trained)]


def _untraced(session: Session, name: str) -> tuple[str, ...]:
    """That the files a program uses are not known, where one trains."""
    if session.model_spec(name).command is None:
        return ()
    return ("not traced: a program of its own trains, so all files of the project count",)


def _following(name: str, to: str) -> list[Step]:
    return [
        Step(step=f"eval {name}", state="stale", why=(f"train {name} is stale",), next=f"mlctl eval {name}"),
        Step(
            step=f"promote {name}",
            state="stale",
            why=(f"train {name} is stale",),
            next=f"mlctl promote {name} --to {to}",
        ),
    ]


def _of_version(session: Session, name: str, to: str, label: str, trained: TrainResult) -> list[Step]:
    """Evaluation and promotion of the version that today's inputs give."""
    names = session.repository.decisions.names()
    held = names.value(f"stages/{name}/{to}")
    number = names.number_of(f"models/{name}", held) if held is not None else None
    if (
        number is not None
        and trained.version is not None
        and (
            number >= trained.version
            or names.gave_up(f"stages/{name}/{to}", f"models/{name}", trained.version)
        )
    ):
        back = "" if number >= trained.version else f", and was moved back from {label}"
        why = (f"{to} holds {name}@{number}{back}",)
        return [
            Step(step=f"eval {name}", state="fresh", why=why, next=f"mlctl eval {label} --to {to}"),
            Step(step=f"promote {name}", state="fresh", why=why, next=f"mlctl promote {label} --to {to}"),
        ]
    unknown = evaluate(session, EvalRequest(model=label, to=to, dry_run=True)).data.changed
    state: State
    state, reason = ("stale", f"{label} has not been evaluated for {to}") if unknown else ("fresh", label)
    holds = f"{name}@{number}" if number is not None else "nothing"
    return [
        Step(step=f"eval {name}", state=state, why=(reason,), next=f"mlctl eval {label} --to {to}"),
        Step(
            step=f"promote {name}",
            state="stale",
            why=(f"{to} holds {holds}, and {label} is newer",),
            next=f"mlctl promote {label} --to {to}",
        ),
    ]

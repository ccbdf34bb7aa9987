"""`mlctl train`: one run, recorded, and a candidate version.

The recipe is settled first (`recipe`). Where a finished run has the same key, its version is the answer and
nothing is loaded; where that version was withdrawn, it gets a new number. Otherwise `fitting` does the work:
fit without the test rows, store the run and the model as facts, and name the version by one decision.
"""

import shlex

import msgspec

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Corrupt, Missing, NameMoved, UsageError
from mlctl.domain.folds import spreads
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import model_version, stage
from mlctl.domain.removal import Removal
from mlctl.domain.requests.train import TrainRequest, TrainResult
from mlctl.domain.run import Run, baseline_metrics, own_metrics
from mlctl.domain.sharing import is_published
from mlctl.evidence.verdicts import answered, ask, candidate_of, judge, run_of
from mlctl.project.engines import engine
from mlctl.project.notify import notify
from mlctl.project.order import in_order
from mlctl.project.session import Session
from mlctl.project.spec_of import spec_of
from mlctl.training.recipe import Known, Recipe, known_run, recipe_of
from mlctl.training.repeats import repeats_of, spread_of
from mlctl.training.resuming import broken_off, require_same
from mlctl.training.split_told import split_told

STAGE = "production"


def train(session: Session, request: TrainRequest) -> Outcome[TrainResult]:
    """Fit what the spec declares, unless that has been done; repeat it with other seeds where that is asked.

    Raises:
        UsageError: a version is named without `repeats`, or cannot be repeated; a run cannot go on.
        NotFound: `resume` names no run that was broken off.
    """
    if request.model is not None and "@" in request.model:
        return _repeated(session, request)
    if request.resume is not None:
        request = broken_off(session, request)
    recipe = recipe_of(session, request)
    if request.resume is not None:
        require_same(session, recipe)
    warnings: list[str] = []
    if recipe.key is None and not request.dry_run:
        warnings = engine("fitting").add_data(session, recipe)
        recipe = recipe_of(session, request)
    known = known_run(session, recipe.key) if recipe.key is not None and request.cache else None
    if request.dry_run:
        return Outcome(data=_planned(session, recipe, known), next=(f"mlctl train {recipe.model}",))
    made, changed = _made(session, recipe, request, known, warnings)
    fits = request.repeats or (1 if request.purpose == "loop" else recipe.spec.eval.repeats)
    changed |= bool(_repeat(session, recipe.model, made, fits))
    return _outcome(session, recipe, made, changed=changed, warnings=warnings)


def _made(
    session: Session, recipe: Recipe, request: TrainRequest, known: Known | None, warnings: list[str]
) -> tuple[Known, bool]:
    """The run and its version, with its number; whether it was registered now, or fitted and registered."""
    if known is not None and known.number is not None:
        return known, False
    if known is None:
        run, digest, version, said = engine("fitting").fit_and_store(session, recipe, request.resume)
        warnings += said
    else:
        run, digest, version = known.run, known.digest, known.version
    key = recipe.key if request.cache else None
    number, complaints = _register(session, recipe.model, digest, version, key)
    warnings += complaints
    if number is None and key is not None:  # another process has registered the same inputs meanwhile
        twin = known_run(session, key)
        if twin is not None and twin.number is not None:
            was_let_go = session.repository.facts.where(Removal, subject=twin.digest)
            return twin, bool(was_let_go)  # the fit has brought its files back
    if number is None:
        model = recipe.model
        why = f"the new version of {model} was withdrawn at once"
        raise NameMoved(why, f"mlctl train {model}", model=model)
    return Known(run=run, digest=digest, version=version, number=number), True


def _repeat(session: Session, model: str, made: Known, fits: int) -> int:
    """Fit with more seeds where there are fewer than asked for; how many were made."""
    if fits <= 1 + len(repeats_of(session, made.digest)):
        return 0
    label = f"{model}@{made.number}"
    done: int = engine("repeating").repeat(session, label, made.digest, made.version, made.run, fits)
    return done


def _repeated(session: Session, request: TrainRequest) -> Outcome[TrainResult]:
    """Repeat a version that there is."""
    model, number, digest = candidate_of(session, request.model)
    label = f"{model}@{number}"
    if request.repeats is None:
        raise UsageError(
            f"{label} is trained already; --repeats fits its recipe with other seeds",
            f"mlctl train {label} --repeats 5",
            f"mlctl train {model}",
        )
    version = session.repository.facts.get(ModelVersion, digest)
    run = run_of(session, version)
    known = Known(run=run, digest=digest, version=version, number=number)
    asked = msgspec.structs.replace(request, model=model, seed=run.seed)
    recipe = msgspec.structs.replace(recipe_of(session, asked), spec=spec_of(session, run))
    changed = not request.dry_run and bool(_repeat(session, model, known, request.repeats))
    return _outcome(session, recipe, known, changed=changed, warnings=[])


def _register(
    session: Session, model: str, digest: Digest, version: ModelVersion, key: Digest | None
) -> tuple[int | None, tuple[str, ...]]:
    """Give a model version the next number (or the one that it has); and what trackers complained of.

    None where a version of the same inputs (`key`) has a number already: the first of equal trainings stands.
    """
    family = f"models/{model}"

    def prepare(names: Names) -> Draft | None:
        if names.number_of(family, digest) is not None:
            return None
        if key is not None and (twin := known_run(session, key)) is not None and twin.number is not None:
            return None
        change = Change(name=model_version(model, names.next_number(family)), old=None, new=digest)
        evidence = {"run": version.run, "datasets": list(version.datasets)}
        return Draft(kind="train", changes=(change,), evidence=evidence, needs=(digest,))

    repository = session.repository
    committed = repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    return repository.decisions.names().number_of(family, digest), notify(session, committed)


def _outcome(
    session: Session, recipe: Recipe, known: Known, *, changed: bool, warnings: list[str]
) -> Outcome[TrainResult]:
    run, number = known.run, known.number or 0
    repeats = repeats_of(session, known.digest)
    metrics, baseline = own_metrics(run.metrics), baseline_metrics(run.metrics)
    asked = [*recipe.spec.eval.metrics, *metrics]
    data = TrainResult(
        run=run.run,
        model=recipe.model,
        version=number,
        published=is_published(session.repository.decisions.names(), model_version(recipe.model, number)),
        digest=known.digest,
        changed=changed,
        seconds=run.seconds,
        metrics={name: metrics[name] for name in dict.fromkeys(asked) if name in metrics},
        baseline=baseline,
        dataset=recipe.data.label if recipe.data else recipe.spec.data,
        estimator=known.version.estimator,
        rows={name: int(run.notes["rows"][name]) for name in ("train", "test", "dropped")},
        dropped=dict(run.notes.get("dropped", {})),
        folds=in_order(spreads(run.metrics), asked),
        split=split_told(session, recipe, run),
        repeats=1 + len(repeats),
        spread=in_order(spread_of(run, repeats), asked),
    )
    said = [*warnings, *([] if changed else _suspicions(recipe, run))]
    return Outcome(data=data, warnings=tuple(said), next=_next(session, recipe.model, number))


def _suspicions(recipe: Recipe, run: Run) -> list[str]:
    """What the linter found when the run was made, and the spec does not accept."""
    accepted = recipe.spec.split.accept
    found = run.notes.get("lint", ())
    return [one["text"] for one in found if one["kind"] not in accepted and not one["minor"]]


def _next(session: Session, model: str, number: int) -> tuple[str, ...]:
    """What is left to do for production: the evaluation, the promotion, or nothing."""
    label = f"{model}@{number}"
    names = session.repository.decisions.names()
    family, place = f"models/{model}", stage(model, STAGE)
    held = names.value(place)
    if held is not None and names.number_of(family, held) == number:
        return ()
    if names.gave_up(place, family, number):
        return ()
    try:
        question = ask(session, label, STAGE)
        found = answered(session, question)
    except (Missing, Corrupt):  # the run is as good as it was; what is damaged is told by name
        return ("mlctl fsck",)
    if found is None:
        return (f"mlctl eval {label}",)
    return (f"mlctl promote {label}",) if judge(session, question, found[1]).passed else ()


def _planned(session: Session, recipe: Recipe, known: Known | None) -> TrainResult:
    found = known if known is not None and known.number is not None else None
    told = found.run.metrics if found else {}
    return TrainResult(
        run=found.run.run if found else None,
        model=recipe.model,
        version=found.number if found else None,
        digest=found.digest if found else None,
        changed=found is None,
        seconds=0.0,
        metrics=own_metrics(told),
        baseline=baseline_metrics(told),
        dataset=recipe.data.label if recipe.data else recipe.spec.data,
        estimator=recipe.spec.build or recipe.spec.estimator or shlex.join(recipe.spec.command or []),
        rows={},
        dry_run=True,
        split=split_told(session, recipe, found.run if found else None),
    )

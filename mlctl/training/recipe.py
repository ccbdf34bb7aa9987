"""What a run would do and the key that names its result: settled from specs, digests and versions alone.

`train` a second time must answer in a blink, so nothing here imports numpy, pyarrow or scikit-learn. Equal
keys mean equal results where what the run used is as it was too. The key: the data's bytes, the parts of the
spec that matter to the fit, the seed, the versions of what computes. What else was used is traced (`uses`).
"""

import json
import math
import platform
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from mlctl.datasets.intake import look
from mlctl.datasets.parts import pointer_of
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.duration import share
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.looks import looked_at
from mlctl.domain.model import ModelVersion
from mlctl.domain.records import digest_of, encode
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.domain.spec import DataSpec, ModelSpec, SplitSpec
from mlctl.project.places import declared_data, place_named
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import newest, with_bytes
from mlctl.store.let_go import is_let_go
from mlctl.training.uses import change_since
from mlctl.workspace.environment import installed_packages

FIT = (
    "target",
    "task",
    "quantile",
    "positive",
    "train_where",
    "exclude",
    "weight",
    "estimator",
    "params",
    "build",
    "command",
    "baseline",
    "seed",
    "features",
    "split",
)
"""Keys of `[model.NAME]`, besides `data`, that a fitted model depends on."""
_LATER = frozenset({"quantile", "weight"})
"""Those of them that came later: a cache key names them only where they are given, so that what was fitted
before is known by its key."""

_FORMAT = 2


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version that a run reads."""

    name: str
    label: str
    digest: Digest
    version: DatasetVersion


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One run, settled before anything heavy is loaded.

    Attributes:
        spec: the model's, with the request's parameters, seed and test part in it.
        source: the data's part of the spec: key, time and known_time.
        data: what is learnt from; None where the work tree holds something that has no version yet.
        held: the dataset of a split by dataset; None for other splits, or as `data`.
        asked: the request that it settles.
        key: of the result; None while a dataset has no version.
    """

    model: str
    spec: ModelSpec
    source: DataSpec
    data: Data | None
    held: Data | None
    window: str | None
    apply_where: bool
    purpose: str
    key: Digest | None
    asked: TrainRequest = TrainRequest()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A run with the same key that has finished, and the version that came of it.

    Attributes:
        number: of the version; None where it was withdrawn by an undo.
    """

    run: Run
    digest: Digest
    version: ModelVersion
    number: int | None


def recipe_of(session: Session, request: TrainRequest) -> Recipe:
    """What `train` with this request would do now.

    Raises:
        NotFound: no such model or dataset. UsageError: a setting is not "name=value".
    """
    model = session.model_name(request.model)
    declared = session.model_spec(model)
    source = declared_data(session).get(declared.data) or DataSpec(path="")
    spec = effective_spec(declared, request, has_time=bool(source.time))
    chosen = request.data
    data = _chosen(session, chosen) if chosen is not None else standing(session, spec.data)
    held = standing(session, spec.split.test) if spec.split.by == "dataset" else None
    recipe = Recipe(
        model=model,
        spec=spec,
        source=source,
        data=data,
        held=held,
        window=request.window,
        apply_where=request.apply_where,
        purpose=request.purpose,
        key=None,
        asked=request,
    )
    settled = data is not None and (spec.split.by != "dataset" or held is not None)
    return msgspec.structs.replace(recipe, key=key_of(recipe)) if settled else recipe


def effective_spec(spec: ModelSpec, request: TrainRequest, *, has_time: bool) -> ModelSpec:
    """The spec with the request's parameters, seed and test part.

    A duration holds out the newest rows, whatever the spec splits by; without time there are no newest rows,
    and the spec's own split stays. A loop does not cross-validate.

    Raises:
        UsageError: as `recipe_of`.
    """
    if request.command:
        spec = msgspec.structs.replace(spec, command=list(request.command), estimator=None, build=None)
    split = spec.split if request.test is None else _split_for(spec.split, request.test, has_time=has_time)
    if request.purpose == "loop":
        split = msgspec.structs.replace(split, folds=1)
    params = {**spec.params, **settings(request.set)}
    for name, value in params.items():
        if not _recordable(value):
            raise UsageError(
                f"parameter {name} = {value} cannot be kept in a record (JSON has no infinity, NaN or date); "
                "set it in a `build` function instead",
                "mlctl spec explain",
                parameter=name,
            )
    return msgspec.structs.replace(
        spec,
        params=params,
        seed=spec.seed if request.seed is None else request.seed,
        split=split,
    )


def settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Parameters from "name=value" pairs; a value is JSON where it reads as such, else text.

    Raises:
        UsageError: a pair has no "=".
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"--set {pair!r} is not of the form name=value", "mlctl train --set max_iter=100"
            )
        found[name.strip()] = _value(value.strip())
    return found


def standing(session: Session, name: str) -> Data | None:
    """The version that the work tree stands on; None where `data add` would have something to do."""
    if name not in declared_data(session):
        frozen = newest(session, name)
        if frozen is not None and frozen.version.path is None:
            return Data(name=name, label=frozen.label, digest=frozen.digest, version=frozen.version)
    place = place_named(session, name)
    target = session.root / place.path
    looked_at(target)
    pointer = pointer_of(session, place)
    if pointer is None:
        return None
    if target.exists() and look(session, place).md5 != pointer.md5:
        return None
    held = with_bytes(session, name, pointer.md5, place.spec.read if place.spec else None)
    if held is None:
        return None
    return Data(name=name, label=held.label, digest=held.digest, version=held.version)


def known_run(session: Session, key: Digest) -> Known | None:
    """The newest finished run with this key of which all that it used is as it was, files of its version too.

    First of all one whose version still has its number.
    """
    facts = session.repository.facts
    names = session.repository.decisions.names()
    withdrawn: Known | None = None
    for _, run in reversed(facts.where(Run, cache_key=key, status="finished")):
        if change_since(session, run) is not None:
            continue
        for digest, version in facts.where(ModelVersion, run=run.run):
            if version.level != 1.0:
                continue  # a recalibration of the version that this run made
            if is_let_go(session.repository, version):
                continue  # by a retention rule: it is made again
            number = names.number_of(f"models/{version.model}", digest)
            found = Known(run=run, digest=digest, version=version, number=number)
            if number is not None:
                return found
            withdrawn = withdrawn or found
    return withdrawn


def key_of(recipe: Recipe) -> Digest:
    """The sha256 over all that the recipe says; what the user's own code used is traced (`uses`)."""
    spec = msgspec.to_builtins(recipe.spec)
    used = [recipe.data, *([recipe.held] if recipe.held else [])]
    parts = {
        "format": _FORMAT,
        "model": recipe.model,
        "spec": {name: spec[name] for name in FIT if name not in _LATER or spec[name] is not None},
        "metrics": recipe.spec.eval.metrics,
        "source": [recipe.source.key, recipe.source.time, recipe.source.known_time],
        "data": [(one.name, one.version.sha256, one.version.origin.get("read")) for one in used if one],
        "window": recipe.window,
        "where": recipe.apply_where,
        "packages": {**computing(recipe.spec), "python": platform.python_version()},
    }
    if recipe.spec.eval.decision is not None:
        parts["decision"] = recipe.spec.eval.decision
    if recipe.spec.eval.costs is not None:
        parts["costs"] = msgspec.to_builtins(recipe.spec.eval.costs)
    return digest_of(encode(parts))


def _chosen(session: Session, selector: str) -> Data:
    found = resolve_dataset(session, selector)
    return Data(
        name=found.name, label=f"{found.name}@{found.number}", digest=found.digest, version=found.version
    )


def _split_for(split: SplitSpec, test: str, *, has_time: bool) -> SplitSpec:
    if split.by == "time" or (share(test) is not None and split.by in {"random", "stratified", "group"}):
        return msgspec.structs.replace(split, test=test)
    return msgspec.structs.replace(split, by="time", test=test, column=None, folds=1) if has_time else split


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)


def _recordable(value: Any) -> bool:
    """Whether a record gives the value back as it is: two that it takes for one would share a key."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(_recordable, value))
    if isinstance(value, dict):
        return all(map(_recordable, value.values()))
    return value is None or isinstance(value, (bool, int, str))


def computing(spec: ModelSpec) -> dict[str, str]:
    """Versions of what computes here: what every fit needs, and the library of the declared estimator."""
    installed = installed_packages(sys.path)
    wanted = ["numpy", "scipy", "scikit-learn", "pyarrow", "mlctl"]
    if spec.estimator is not None:
        library = spec.estimator.partition(":")[0].partition(".")[0].lower().replace("_", "-")
        wanted += [library, f"{library}-cpu"]
    return {name: installed[name] for name in wanted if name in installed}


def require_data(recipe: Recipe) -> Data:
    """The data of a settled recipe.

    Raises:
        NotFound: it has none.
    """
    if recipe.data is None:
        raise NotFound(f"{recipe.spec.data} has no version yet", "mlctl data add")
    return recipe.data

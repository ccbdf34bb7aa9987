"""The spec as mlctl understands it: every key, whether the file sets it or it is a default."""

import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from mlctl.domain.errors import MlctlError, NotFound
from mlctl.domain.nearest import nearest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.spec_explain import SpecExplainRequest, SpecExplainResult
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.spec import Spec
from mlctl.domain.spec_gates import StageGates
from mlctl.domain.split_words import rule
from mlctl.project.engines import engine
from mlctl.project.session import SPEC_FILE, Session
from mlctl.training.recipe import recipe_of
from mlctl.training.split_told import split_told


def spec_explain(session: Session, request: SpecExplainRequest) -> Outcome[SpecExplainResult]:
    """Every key of the spec with its value.

    Raises:
        NotFound: no spec, or the spec has no such key.
        SpecInvalid: with every problem in it.
    """
    whole = _as_written(session.spec)
    given = set(_paths(tomllib.loads((session.root / SPEC_FILE).read_text(encoding="utf-8"))))
    prefix = request.key
    if prefix is not None:
        known = list(_paths(whole, folders=True))
        if prefix not in known:
            near = nearest(prefix, known)
            hint = f"mlctl spec explain {near}" if near else "mlctl spec explain"
            guess = f"; did you mean {near!r}?" if near else ""
            raise NotFound(f"the spec has no key {prefix!r}{guess}", hint, key=prefix, nearest=near)
        whole = _only(whole, prefix.split("."))
        given = {path for path in given if path == prefix or path.startswith(f"{prefix}.")}
    splits = {
        name: _split(session, name, prefix)
        for name, part in whole.get("model", {}).items()
        if "split" in part
    }
    found = SpecExplainResult(file=SPEC_FILE, spec=whole, given=tuple(sorted(given)), splits=splits)
    return Outcome(data=found)


def _as_written(spec: Spec) -> dict[str, Any]:
    """The spec as the file would say it: metrics stand beside the other keys of a stage's gates."""
    whole: dict[str, Any] = msgspec.to_builtins(spec)
    for model in whole.get("model", {}).values():
        model["gates"] = {stage: _side_by_side(gates) for stage, gates in model["gates"].items()}
    return whole


def _side_by_side(gates: dict[str, Any]) -> dict[str, Any]:
    rest = str(StageGates.rest)
    return {**{key: value for key, value in gates.items() if key != rest}, **gates[rest]}


def _split(session: Session, model: str, key: str | None) -> tuple[str, ...]:
    """The split in words; where it is asked for by name, with the rows on each side, read if need be."""
    said = rule(session.spec.model[model].split)
    if key not in {f"model.{model}", f"model.{model}.split"}:
        return (said,)
    try:
        recipe = recipe_of(session, TrainRequest(model=model))
        if recipe.key is None:
            return (said, "the rows of each side are known once the data has a version: mlctl data add")
        known = split_told(session, recipe, None)
        return known if len(known) > 1 else (said, *engine("splitting").told(session, recipe))
    except MlctlError as error:
        return (said, error.message.splitlines()[0])


def _paths(value: Any, prefix: str = "", *, folders: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            if folders and isinstance(item, dict):
                yield path
            yield from _paths(item, path, folders=folders)
    elif prefix:
        yield prefix


def _only(value: dict[str, Any], path: list[str]) -> dict[str, Any]:
    head, *rest = path
    return {head: _only(value[head], rest) if rest else value[head]}

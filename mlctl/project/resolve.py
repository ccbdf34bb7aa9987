"""Selectors looked up: from what a person typed to a digest, its number and its fact.

Nothing found is NotFound with the nearest names; more than one is Ambiguous with the candidates.
"""

from typing import Any

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Committed
from mlctl.domain.errors import Ambiguous, MlctlError, NotFound
from mlctl.domain.ids import Digest, is_digest, is_ulid
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.nearest import nearest
from mlctl.domain.records import Fact
from mlctl.domain.run import Run
from mlctl.domain.selector import Selector, parse
from mlctl.domain.sharing import heard
from mlctl.project.session import Session
from mlctl.store.references import SHAPES

_SHORTEST_PREFIX = 4


class ModelFound(msgspec.Struct, frozen=True, kw_only=True):
    """A model version that a selector means.

    Attributes:
        number: its version number; a refit goes by the number of the version whose recipe it is.
        stage: the stage that was asked for, or None.
        version: the fact.
    """

    model: str
    number: int
    digest: Digest
    stage: str | None
    version: ModelVersion


class DatasetFound(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version that a selector means."""

    name: str
    number: int
    digest: Digest
    version: DatasetVersion


class RunFound(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    digest: Digest
    run: Run


class DecisionFound(msgspec.Struct, frozen=True, kw_only=True):
    """A decision."""

    committed: Committed


class PredictionFound(msgspec.Struct, frozen=True, kw_only=True):
    """A logged answer; `row` has the inputs under their own names and mlctl's columns."""

    prediction: str
    model: str
    row: dict[str, Any]


class FactFound(msgspec.Struct, frozen=True, kw_only=True):
    """Any other fact: an evaluation, a batch of labels or predictions, a report."""

    digest: Digest
    fact: Fact


Found = ModelFound | DatasetFound | RunFound | DecisionFound | PredictionFound | FactFound


def resolve_model(session: Session, text: str, names: Names | None = None) -> ModelFound:
    """The model version that a selector means; a bare model name means its newest version.

    Args:
        session: of the project.
        text: the selector as typed.
        names: look up in these instead of today's (a moment in the selector goes before them).

    Raises:
        NotFound, Ambiguous, InvalidName: with the nearest names or the candidates.
    """
    selector = parse(text)
    names = _names(session, selector, names)
    known = families(names, "models")
    if selector.name not in known and not (selector.number or selector.stage or selector.latest):
        selector = _bare_stage(selector, names)
    if selector.name not in known:
        raise _unknown("model", selector, known, "mlctl models")
    model = selector.name
    if selector.stage is None:
        number = _version_number(selector, names, f"models/{model}", "mlctl models")
        digest = names.value(f"models/{model}/{number}")
    else:
        digest = _staged(selector, names)
        number = names.number_of(f"models/{model}", digest) or 0
    version = session.repository.facts.get(ModelVersion, str(digest))
    return ModelFound(
        model=model, number=number, digest=Digest(str(digest)), stage=selector.stage, version=version
    )


def resolve_dataset(session: Session, text: str, names: Names | None = None) -> DatasetFound:
    """The dataset version that a selector means; a bare name means its newest version.

    Raises:
        NotFound, InvalidName: with the nearest names.
    """
    selector = parse(text)
    names = _names(session, selector, names)
    known = families(names, "datasets")
    if selector.name not in known:
        raise _unknown("dataset", selector, known, "mlctl data ls")
    if selector.stage is not None:
        raise NotFound(
            f"{text}: a dataset has versions and no stages", f"mlctl data log {selector.name}", selector=text
        )
    number = _version_number(selector, names, f"datasets/{selector.name}", f"mlctl data log {selector.name}")
    digest = Digest(str(names.value(f"datasets/{selector.name}/{number}")))
    version = session.repository.facts.get(DatasetVersion, digest)
    return DatasetFound(name=selector.name, number=number, digest=digest, version=version)


def resolve_run(session: Session, text: str) -> RunFound:
    """The run with this id or unique prefix, with or without "run:".

    Raises:
        NotFound, Ambiguous: none, or several, begin so.
    """
    prefix = text.removeprefix("run:").upper()
    found = {
        fact.run: (digest, fact) for digest, fact in session.repository.facts.beginning(Run, "run", prefix)
    }
    if not prefix or not found:
        raise NotFound(f"no run begins with {prefix!r}", "mlctl runs", selector=text)
    if len(found) > 1:
        raise _several(text, [f"run:{run}" for run in sorted(found)])
    ((digest, run),) = found.values()
    return RunFound(digest=digest, run=run)


def resolve_prediction(session: Session, text: str) -> PredictionFound:
    """The logged answer with this id, with or without "prediction:".

    Raises:
        NotFound: no log has it.
    """
    prediction = text.removeprefix("prediction:")
    found = session.repository.predictions.find(prediction)
    if found is None:
        raise NotFound(f"no logged prediction has the id {prediction!r}", "mlctl status", selector=text)
    return PredictionFound(prediction=prediction, model=found[0], row=found[1])


def resolve(session: Session, text: str) -> Found:
    """Whatever the selector, id, number or digest prefix means.

    Raises:
        NotFound, Ambiguous, InvalidName: with the nearest names or the candidates.
    """
    selector = parse(text)
    if selector.kind == "run":
        return resolve_run(session, selector.name)
    if selector.kind == "prediction":
        return resolve_prediction(session, selector.name)
    if selector.kind == "decision":
        return _decision(session, selector.name)
    if selector.kind == "model":
        return resolve_model(session, _without_kind(text))
    if selector.kind == "dataset":
        return resolve_dataset(session, _without_kind(text))
    return _guessed(session, selector)


def families(names: Names, kind: str) -> list[str]:
    """The names of all models or datasets ("models", "datasets") that have a living version, sorted."""
    return names.families(kind)


def _names(session: Session, selector: Selector, names: Names | None) -> Names:
    decisions = session.repository.decisions
    if selector.moment is not None:
        return decisions.names_at(selector.moment)
    return decisions.names() if names is None else names


def _guessed(session: Session, selector: Selector) -> Found:
    """No kind was said: names go first, then ids, then digests."""
    names = _names(session, selector, None)
    models, datasets = families(names, "models"), families(names, "datasets")
    text = selector.text.strip()
    if selector.name in models and selector.name in datasets:
        raise _several(text, [f"model:{text}", f"dataset:{text}"])
    if selector.name in datasets:
        return resolve_dataset(session, text)
    stages = {name.split("/")[2] for name in names.under("stages/")}
    if selector.name in models or selector.name in stages:
        return resolve_model(session, text)
    if is_ulid(text):
        return _run_or_prediction(session, text)
    number = heard(text)
    pending = session.repository.decisions.pending
    if number is not None and (number <= names.head or pending.held(number) is not None):
        return _decision(session, text)
    found = _by_digest(session, names, text)  # a beginning of a digest may be all digits, too
    if found is not None:
        return found
    if text.isdecimal():
        return _decision(session, text)
    raise _unknown(
        "model, dataset, stage, run or digest", selector, [*models, *datasets, *stages], "mlctl status"
    )


def _run_or_prediction(session: Session, text: str) -> Found:
    try:
        return resolve_run(session, text)
    except NotFound:
        return resolve_prediction(session, text)


def _decision(session: Session, text: str) -> DecisionFound:
    number = heard(text)
    if number is None:
        raise NotFound(f"{text!r} is no number of a decision", "mlctl log", selector=text)
    return DecisionFound(committed=session.repository.decisions.get(number))


def _by_digest(session: Session, names: Names, text: str) -> Found | None:
    prefix = text.lower()
    if len(prefix) < _SHORTEST_PREFIX or not is_digest(prefix.ljust(64, "0")[:64]):
        return None
    facts = session.repository.facts
    found = [(shape, digest) for shape in SHAPES.values() for digest in facts.starting(shape, prefix)]
    if len(found) > 1:
        raise _several(text, [f"{digest} ({shape.kind})" for shape, digest in found])
    if not found:
        return None
    ((shape, digest),) = found
    return _as_found(names, digest, facts.get(shape, digest))


def _as_found(names: Names, digest: Digest, fact: Fact) -> Found:
    match fact:
        case ModelVersion():
            number = names.number_of(f"models/{fact.model}", digest) or 0
            return ModelFound(model=fact.model, number=number, digest=digest, stage=None, version=fact)
        case DatasetVersion():
            number = names.number_of(f"datasets/{fact.name}", digest) or 0
            return DatasetFound(name=fact.name, number=number, digest=digest, version=fact)
        case Run():
            return RunFound(digest=digest, run=fact)
        case _:
            return FactFound(digest=digest, fact=fact)


def _bare_stage(selector: Selector, names: Names) -> Selector:
    """`production` for `demand@production`, where one model has such a stage."""
    holders = [name.split("/")[1] for name in names.under("stages/") if name.split("/")[2] == selector.name]
    if len(holders) > 1:
        raise _several(selector.text, [f"{model}@{selector.name}" for model in holders])
    if not holders:
        return selector
    return msgspec.structs.replace(selector, name=holders[0], stage=selector.name)


def _staged(selector: Selector, names: Names) -> Digest:
    model, stage = selector.name, str(selector.stage)
    digest = names.before(f"stages/{model}/{stage}", selector.back)
    if digest is not None and (selector.back or names.value(f"stages/{model}/{stage}") is not None):
        return Digest(digest)
    if selector.back:
        held = "nothing else" if names.value(f"stages/{model}/{stage}") else "nothing"
        raise NotFound(
            f"{model}@{stage} held {held} {selector.back} step(s) before",
            f"mlctl log --name stages/{model}/{stage}",
        )
    stages = [name.split("/")[2] for name in names.under(f"stages/{model}/")]
    near = nearest(stage, stages)
    holds = f"it has {', '.join(stages)}" if stages else "it has none yet"
    guess = f"; did you mean {model}@{near}?" if near else ""
    hint = f"mlctl show {model}@{near}" if near else f"mlctl promote {model} --to {stage}"
    raise NotFound(
        f"model {model} has no stage {stage!r} that holds a version; {holds}{guess}", hint, stages=stages
    )


def _version_number(selector: Selector, names: Names, family: str, listing: str) -> int:
    if selector.number is not None and names.value(f"{family}/{selector.number}") is not None:
        return selector.number
    newest = list(names.newest(family, selector.back + 1))
    if not newest:
        raise NotFound(f"{selector.name} has no version", listing, selector=selector.text)
    if selector.number is None:
        if len(newest) <= selector.back:
            raise NotFound(
                f"{selector.name} has only {len(newest)} version(s)", listing, selector=selector.text
            )
        return newest[-1]
    versions = list(names.versions(family))
    known = ", ".join(f"{selector.name}@{number}" for number in versions[-5:])
    why = "was withdrawn" if selector.number < names.next_number(family) else "does not exist"
    raise NotFound(
        f"{selector.name}@{selector.number} {why}; there is {known}",
        f"mlctl show {selector.name}@{versions[-1]}",
        selector=selector.text,
        candidates=versions,
    )


def _without_kind(text: str) -> str:
    return text.strip().partition(":")[2]


def _several(text: str, candidates: list[str]) -> Ambiguous:
    shown = ", ".join(candidates[:10])
    hint = f"mlctl show {candidates[0].split(' ')[0]}"
    return Ambiguous(f"{text} could be: {shown}", hint, selector=text, candidates=candidates)


def _unknown(kind: str, selector: Selector, known: list[str], listing: str) -> MlctlError:
    near = nearest(selector.name, known)
    guess = f"; did you mean {near!r}?" if near else f"; known: {', '.join(sorted(set(known))) or 'none'}"
    when = f" at {selector.moment}" if selector.moment else ""
    hints = (f"mlctl show {near}", listing) if near else (listing,)
    return NotFound(
        f"there is no {kind} {selector.name!r}{when}{guess}",
        *hints,
        selector=selector.text,
        candidates=sorted(set(known)),
    )

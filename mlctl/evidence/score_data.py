"""Items of the score for data: what the record of one model shows of them."""

from collections.abc import Callable, Mapping

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import MlctlError
from mlctl.domain.metric import loss
from mlctl.domain.model import ModelVersion
from mlctl.domain.run import Run
from mlctl.domain.score import AUTOMATED, BY_HAND, Finding, Proof
from mlctl.evidence.lifetime import Lifetime, by_machine, forced, proof_of
from mlctl.project.order import in_order, metric_order
from mlctl.project.spec_of import spec_of

_LOOKED_BACK = 20


def _schema(life: Lifetime) -> Finding:
    """Declared checks that were run on what the version learnt from."""
    more = f"mlctl spec explain model.{life.model}.gates"
    ours = life.ours
    if ours is not None and not forced(ours):
        held = [one for one in ours.evidence.get("held", ()) if one.get("gate") == "data_checks"]
        if held:
            why = "a gate asks the declared checks of the training data, and they held"
            return Finding(points=AUTOMATED, why=why, proofs=(proof_of(ours, held[0]["why"]),))
    for digest, one in reversed(life.evaluated):
        checked = one.data_checks
        if checked is not None and checked.checks and not checked.failed:
            told = f"{checked.checks} checks hold on {checked.data}"
            proof = Proof(kind="evaluation", id=digest, told=told)
            why = "the declared checks held when the version was evaluated; no promotion asked for them"
            return Finding(points=BY_HAND, why=why, proofs=(proof,), next=more)
    why = "no declared check is known to have been run on what the model learnt from: data_checks = true"
    return Finding(points=0, why=why, next=more)


def _features(version: ModelVersion) -> set[str]:
    return {one.name for one in version.signature.inputs if one.role == "feature"}


def _beneficial(life: Lifetime) -> Finding:
    """Each feature was left out once, in a version evaluated on the same rows, and it was not better."""
    more = f"mlctl spec explain model.{life.model}.exclude"
    if life.version is None or not life.evaluated:
        return Finding(points=0, why="no version without one of the features has been evaluated", next=more)
    features = _features(life.version)
    first = next(iter(in_order(life.evaluated[-1][1].metrics, metric_order(life.session, life.model))))
    own = life.evaluated[-1][1].metrics[first].value
    lacking: dict[str, float] = {}
    for version, evaluation in life.peers:
        estimate = evaluation.metrics.get(first)
        if estimate is not None and estimate.value is not None:
            for name in features - _features(version):
                lacking[name] = min(lacking.get(name, float("inf")), loss(first, estimate.value))
    better = sorted(name for name, value in lacking.items() if own is not None and value < loss(first, own))
    if better:
        why = f"a version without {', '.join(better)} has a better {first} on the same rows"
        return Finding(points=0, why=why, next=f"mlctl models {life.model}")
    told = f"{len(lacking)} of {len(features)} features were left out once, by versions evaluated on its rows"
    proofs = (Proof(kind="evaluation", id=life.evaluated[-1][0], told=told),)
    if features and len(lacking) == len(features):
        return Finding(points=BY_HAND, why=f"without any of its features {first} is worse", proofs=proofs)
    return Finding(points=0, why=told, next=more)


def _rules(life: Lifetime) -> Finding:
    """Columns that the recorded recipe rules out, that the data have, and that are no inputs."""
    more = f"mlctl spec explain model.{life.model}.exclude"
    proofs = []
    for number, version in life.versions(_LOOKED_BACK).items():
        run = life.run_of(version)
        if run is None:
            continue
        ruled = _excluded(life, run)
        there = ruled & _columns(life, version)
        if there and not ruled & {one.name for one in version.signature.inputs}:
            told = f"version {number} was fitted without {', '.join(sorted(there))}"
            proofs.append(Proof(kind="run", id=run.run, told=told))
    if not proofs:
        return Finding(points=0, why="no run on record was kept from using a column (exclude)", next=more)
    points = AUTOMATED if len(proofs) > 1 else BY_HAND
    return Finding(
        points=points, why="runs were kept from columns that are ruled out", proofs=tuple(proofs[-3:])
    )


def _excluded(life: Lifetime, run: Run) -> set[str]:
    """Columns that the recorded spec of a run rules out."""
    try:
        return set(spec_of(life.session, run).exclude)
    except (MlctlError, msgspec.DecodeError):
        return set()  # not brought here, or damage, which is fsck's to report


def _columns(life: Lifetime, version: ModelVersion) -> set[str]:
    """Of the datasets that a version learnt from."""
    facts = life.session.repository.facts
    known = [digest for digest in version.datasets if facts.has(DatasetVersion, digest)]
    return {column.name for digest in known for column in facts.get(DatasetVersion, digest).columns}


def _quickly(life: Lifetime) -> Finding:
    """Versions with a feature that none before had, which reached the stage through its gates."""
    seen: set[str] = set()
    added: dict[int, tuple[str, str]] = {}
    for number, version in life.versions(_LOOKED_BACK).items():
        new = _features(version) - seen
        if new and seen:
            added[number] = (", ".join(sorted(new)), version.created_at)
        seen |= _features(version)
    reached = []
    for entry in life.promotions:
        numbers = {life.number_of(change.new) for change in entry.changes if change.new is not None}
        if not forced(entry):
            reached += [(entry, number) for number in added if number in numbers]
    proofs = tuple(
        proof_of(entry, f"{life.model}@{number} brought {added[number][0]} (fitted {added[number][1][:10]})")
        for entry, number in reached
    )
    if not proofs:
        why = f"no version with a feature more than those before has reached {life.stage} through its gates"
        return Finding(points=0, why=why, next=f"mlctl spec explain model.{life.model}.features")
    points = AUTOMATED if len(proofs) > 1 or by_machine(entry for entry, _ in reached) else BY_HAND
    return Finding(points=points, why="new features have reached the stage through its gates", proofs=proofs)


JUDGES: Mapping[str, Callable[[Lifetime], Finding]] = {
    "data_1": _schema,
    "data_2": _beneficial,
    "data_4": _rules,
    "data_6": _quickly,
}
"""By item; of the others only people know."""

"""The models whose answers are in a log, each with what its windows are judged by."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlctl.contracts.detector import Detector
from mlctl.domain.errors import NotFound
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.names import Names
from mlctl.domain.records import digest_of, encode
from mlctl.monitoring.look import Rules, Watched
from mlctl.monitoring.standard import Standard, reference_of, standard_of
from mlctl.project.session import Session
from mlctl.tabular.parquet import table_from

STANDARDS = "standards"
_RECIPE = "1"
"""Raise it whenever a standard would come out differently for the same reference."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A model version that answered, and the family that it belongs to."""

    digest: str
    family: str
    model: ModelVersion


def family_of(model: ModelVersion) -> str:
    """What recalibrated versions of one fitted model have in common: their files."""
    return digest_of(encode(sorted((file.name, file.sha256) for file in model.artefacts)))


def known_versions(session: Session, digests: Iterable[str]) -> dict[str, Known]:
    """The versions behind digests; those that the store does not have are left out.

    A log may hold answers of versions that were never published here.
    """
    facts = session.repository.facts
    found = {}
    for digest in digests:
        if facts.has(ModelVersion, digest):
            model = facts.get(ModelVersion, digest)
            found[digest] = Known(digest=digest, family=family_of(model), model=model)
    return found


def families_of(digests: NDArray[np.str_], known: Mapping[str, Known]) -> NDArray[np.str_]:
    """The family of each row's version, "" for an unknown one; shape (rows,)."""
    if len(digests) == 0:
        return np.asarray([], dtype=np.str_)
    values, codes = np.unique(digests, return_inverse=True)
    return np.asarray([known[str(value)].family if str(value) in known else "" for value in values])[codes]


def watch_models(
    session: Session,
    model: str,
    known: Mapping[str, Known],
    rules: Rules,
    *,
    names: Names,
    detectors: Mapping[str, Detector],
) -> tuple[dict[str, Watched], dict[str, Any]]:
    """The watched models by family, and their standards for the record.

    A standard that an earlier report kept is taken from there.
    """
    kept = _kept(session, model)
    watched: dict[str, Watched] = {}
    standards: dict[str, Any] = {}
    for digest, one in known.items():
        if one.family in watched:
            continue
        table = _reference(session, digest, one.model)
        reference = reference_of(one.model, table)
        key = digest_of(
            encode(
                [
                    _RECIPE,
                    one.family,
                    one.model.reference,
                    str(rules.window),
                    str(rules.budget),
                    sorted(detectors),
                ]
            )
        )
        standard = (
            msgspec.convert(kept[key], Standard)
            if key in kept
            else standard_of(reference, window=rules.window, budget=rules.budget, detectors=detectors)
        )
        standards[key] = msgspec.to_builtins(standard)
        number = names.number_of(f"models/{model}", digest)
        label = f"{model}@{number}" if number is not None else digest[:12]
        watched[one.family] = Watched(label=label, model=one.model, reference=reference, standard=standard)
    return watched, standards


def _kept(session: Session, model: str) -> dict[str, Any]:
    reports = session.repository.facts.where(MonitorReport, model=model)
    return dict(reports[-1][1].thresholds.get(STANDARDS, {})) if reports else {}


def _reference(session: Session, digest: str, model: ModelVersion) -> pa.Table | None:
    """The reference's rows: kept with the version, or the test rows that it was evaluated on."""
    if model.reference is not None:
        return table_from(session.repository.objects.read(model.reference))
    evaluations = session.repository.facts.where(Evaluation, model_digest=digest)
    return (
        table_from(session.repository.objects.read(evaluations[-1][1].predictions)) if evaluations else None
    )


def deployed_version(session: Session, model: str, stage: str, names: Names) -> Known:
    """What a stage holds.

    Raises:
        NotFound: nothing.
    """
    digest = names.value(f"stages/{model}/{stage}")
    if digest is None:
        raise NotFound(
            f"stage {stage} of model {model} holds nothing",
            f"mlctl promote {model} --to {stage}",
            model=model,
            stage=stage,
        )
    version = session.repository.facts.get(ModelVersion, digest)
    return Known(digest=digest, family=family_of(version), model=version)

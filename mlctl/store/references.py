"""What a fact names: the objects and the facts that must be there for it to mean anything."""

from pathlib import Path

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.prediction import LabelBatch, PredictionBatch
from mlctl.domain.records import Fact
from mlctl.domain.removal import Removal
from mlctl.domain.repeat import Repeat
from mlctl.domain.reproduction import Reproduction
from mlctl.domain.run import Run

SHAPES: dict[str, type[Fact]] = {
    shape.kind: shape
    for shape in (
        DatasetVersion,
        Evaluation,
        LabelBatch,
        ModelVersion,
        MonitorReport,
        PredictionBatch,
        Removal,
        Repeat,
        Reproduction,
        Run,
    )
}
"""Every kind of fact, by the name of its folder."""


class References(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact names.

    Attributes:
        objects: digests of objects.
        manifests: those of them that are manifests and name chunks in turn (`Manifests.objects`).
        facts: (kind, digest) of facts.
    """

    objects: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def references(fact: Fact) -> References:
    """The objects and facts that this fact names, None ones left out."""
    objects: list[str | None] = []
    manifests: list[str] = []
    facts: list[tuple[str, str | None]] = []
    match fact:
        case DatasetVersion():
            objects.append(fact.profile)
            if fact.shape == "folder":
                manifests.append(fact.sha256)
            if fact.shape == "folder" or fact.path is None:  # the manifest; the table of a frozen dataset
                objects.append(fact.sha256)
            facts.append((DatasetVersion.kind, fact.parent))
        case Run():
            objects += [fact.spec, fact.log, fact.code.patch, fact.used, fact.points]
            objects += fact.artifacts.values()
            facts += [(DatasetVersion.kind, use.digest) for use in fact.data]
        case ModelVersion():
            objects += [*(artefact.sha256 for artefact in fact.artefacts), fact.learnt_keys, fact.reference]
            facts += [
                (ModelVersion.kind, fact.refit_of),
                *((DatasetVersion.kind, digest) for digest in fact.datasets),
            ]
        case Removal() | Repeat() | Reproduction():
            objects.append(fact.answers if isinstance(fact, Repeat) else None)
            facts.append(subject_of(fact))
        case Evaluation():
            objects.append(fact.predictions)
            facts += [(ModelVersion.kind, fact.model_digest), (DatasetVersion.kind, fact.dataset_digest)]
            facts.append((ModelVersion.kind, fact.incumbent.digest))
            facts.append((ModelVersion.kind, fact.champion.digest if fact.champion else None))
        case PredictionBatch() | LabelBatch():
            objects.append(fact.table)
        case MonitorReport():
            facts.append((ModelVersion.kind, fact.model_digest))
        case _:
            raise TypeError(f"{type(fact).__name__} is no kind of fact that the store knows")
    return References(
        objects=tuple(digest for digest in objects if digest is not None),
        manifests=tuple(manifests),
        facts=tuple((kind, digest) for kind, digest in facts if digest is not None),
    )


def subject_of(fact: Removal | Repeat | Reproduction) -> tuple[str, Digest]:
    """(kind, digest) of the fact that such a one is about; it counts as long as that one does."""
    return (fact.of, fact.subject) if isinstance(fact, Removal) else (ModelVersion.kind, fact.version)


def shape_of(folder: Path) -> type[Fact] | None:
    """The kind of fact that a folder under `facts/` holds."""
    return SHAPES.get(folder.name)

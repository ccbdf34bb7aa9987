"""What `models` is asked and what it answers."""

import msgspec

from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.records import Record


class ModelsRequest(Record, frozen=True, kw_only=True):
    """The models and their versions.

    Attributes:
        limit: of each model the newest so many, and those that stages hold; 0 for all.
    """

    model: str | None = None
    limit: int = 0


class VersionRow(Record, frozen=True, kw_only=True):
    """One version.

    Attributes:
        digest: of the tested artefact.
        refit: of the one fitted on all rows, or None.
        stages: that hold it.
        metrics: of the run that made it.
        published: False where it waits for publication and its number may still change.
        retired: by whom, since when and why no stage gets it again; None where it is not retired.
    """

    version: int
    run: Ulid
    created: str
    digest: Digest
    stages: list[str]
    refit: Digest | None = None
    estimator: str = ""
    rows: int = 0
    metrics: dict[str, float | None] = msgspec.field(default_factory=dict)
    published: bool = True
    retired: str | None = None


class ModelRow(Record, frozen=True, kw_only=True):
    """One model, its versions ascending.

    Attributes:
        frozen: the stages that are frozen: by whom, since when, until when and why.
        total: versions that there are; more than are listed where `limit` has cut some off.
    """

    name: str
    versions: tuple[VersionRow, ...]
    stages: dict[str, int | None] = msgspec.field(default_factory=dict)
    frozen: dict[str, str] = msgspec.field(default_factory=dict)
    total: int = 0


class ModelsResult(Record, frozen=True, kw_only=True):
    """All models."""

    models: tuple[ModelRow, ...]

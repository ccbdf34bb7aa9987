"""A hybrid of two runs: one thing or several of the second in place of the first's, fitted and scored."""

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.spec import ModelSpec


class Mixture(msgspec.Struct, frozen=True, kw_only=True):
    """What a hybrid learns from, all but its code.

    Attributes:
        data: digests of dataset versions by role.
        context: columns that come along without being features.
    """

    spec: ModelSpec
    data: dict[str, Digest]
    key: tuple[str, ...]
    time: tuple[str, ...]
    context: tuple[str, ...]
    window: str | None
    apply_where: bool


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that all are scored on, so that no hybrid learns from them.

    Attributes:
        table: file with the rows (Parquet).
        names: columns that tell rows apart.
        since: first event time of the rows (RFC 3339) where they are told by time; None elsewhere.
        weight: column that weighs them in the metrics; None for equal weights.
    """

    table: str
    names: tuple[str, ...]
    since: str | None
    weight: str | None = None


class HybridJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the process of one fit is handed.

    Attributes:
        project: the folder whose store holds the data.
        tree: the project's folder in the clean work tree.
        metrics: to measure.
        answer: the file for the `Hybrid`.
    """

    project: str
    tree: str
    mixture: Mixture
    held: Held
    metrics: tuple[str, ...]
    answer: str


class Hybrid(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        error: why there is nothing else.
        rows: learnt from.
    """

    metrics: dict[str, float | None] = {}
    rows: int = 0
    seconds: float = 0.0
    error: str | None = None


class HostedJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a process that forks for each fit is handed, a line of JSON a fit.

    Attributes:
        folder: with `job.json`; gets `log`.
        project: where it works.
        variables: of the environment, that are other ones than the host's; None: not set.
    """

    folder: str
    project: str
    variables: dict[str, str | None]

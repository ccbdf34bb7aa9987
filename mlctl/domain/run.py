"""Runs: one act of training, recorded so that it can be judged and repeated."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.records import Fact, Record


class DataUse(Record, frozen=True, kw_only=True):
    """A dataset version that a run read, and as what ("train", "test")."""

    name: str
    digest: Digest
    sha256: Digest
    role: str
    rows: int | None = None


class CodeState(Record, frozen=True, kw_only=True):
    """The code that ran.

    Attributes:
        commit: git's, or None without one.
        dirty: tracked or untracked files differ from the commit.
        patch: object with the uncommitted state (a zip of changed files plus a manifest), or None.
        branch: git's, or None.
    """

    commit: str | None
    dirty: bool
    patch: Digest | None = None
    branch: str | None = None


class Environment(Record, frozen=True, kw_only=True):
    """Where it ran."""

    python: str
    platform: str
    machine: str
    cpus: int
    packages: dict[str, str]


class Run(Fact, frozen=True, kw_only=True):
    """One run, finished or failed.

    Attributes:
        run: its id.
        model: the model of the spec.
        purpose: "train", "refit" or "loop".
        status: "finished", "failed" or "killed".
        seconds: wall time of the work.
        cache_key: sha256 over all that the result depends on; equal key, equal result.
        spec: object with the model's part of the spec, canonical JSON.
        metrics: of the fitted model on its test rows, and of the baseline ("baseline.mae").
        log: object with what the run printed, or None.
        error: of a failed run.
        points: object with what the program measured on the way (`domain.points`), or None.
        artifacts: files that the program kept with the run, by name.
        used: object with what the user's code used (`domain.used`), or None where there was none.
    """

    kind: ClassVar[str] = "runs"

    run: Ulid
    model: str
    purpose: str
    status: str
    started_at: str
    seconds: float
    cache_key: Digest
    spec: Digest
    seed: int
    parameters: dict[str, Any]
    metrics: dict[str, float | None]
    data: tuple[DataUse, ...]
    code: CodeState
    environment: Environment
    command: str
    log: Digest | None = None
    error: str | None = None
    used: Digest | None = None
    points: Digest | None = None
    artifacts: dict[str, Digest] = msgspec.field(default_factory=dict)
    notes: dict[str, Any] = msgspec.field(default_factory=dict)


class RunTold(Record, frozen=True, kw_only=True):
    """What every list tells of a run.

    Attributes:
        started: RFC 3339 UTC.
        metrics: by name.
        error: of a run that failed or was broken off.
    """

    run: Ulid
    model: str
    purpose: str
    status: str
    started: str
    seconds: float
    seed: int
    params: dict[str, Any]
    metrics: dict[str, float | None]
    error: str | None = None


def own_metrics(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Those of a run's metrics that are of the fitted model."""
    return {name: value for name, value in metrics.items() if "." not in name}


def baseline_metrics(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Those that are of its baseline, by the name of the metric."""
    start = "baseline."
    return {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}

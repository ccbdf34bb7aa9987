"""What `runs` is asked and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.folds import Spread
from mlctl.domain.ids import Ulid
from mlctl.domain.records import Record


class RunsRequest(Record, frozen=True, kw_only=True):
    """A list of runs.

    Attributes:
        where: an expression over fields, metrics and parameters ("mae < 50 and status = 'finished'").
        sort: a field, metric or parameter; a leading "-" for descending; newest first by default.
        model: only this model's.
        limit: at most so many; 0 for all.
    """

    where: str | None = None
    sort: str | None = None
    model: str | None = None
    limit: int = 0


class RunRow(Record, frozen=True, kw_only=True):
    """One run.

    Attributes:
        folds: by metric, its mean and spread over the folds of a cross-validation; {} without one.
    """

    run: Ulid
    model: str
    version: int | None
    purpose: str
    status: str
    started: str
    seconds: float
    seed: int
    params: dict[str, Any]
    metrics: dict[str, float | None]
    data: list[str]
    code: dict[str, Any]
    error: str | None = None
    folds: dict[str, Spread] = msgspec.field(default_factory=dict)


class RunsResult(Record, frozen=True, kw_only=True):
    """The runs that fit, and how many there are in all.

    Attributes:
        more: others fit as well; `limit` has cut them off.
    """

    runs: tuple[RunRow, ...]
    total: int
    more: bool = False

"""What `runs` is asked and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.folds import Spread
from mlctl.domain.records import Record
from mlctl.domain.run import RunTold


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


class RunRow(RunTold, frozen=True, kw_only=True):
    """One run.

    Attributes:
        version: that it made, or None.
        data: the dataset versions that it read, as people call them.
        code: `commit` and `dirty`; {} where nothing is known.
        folds: by metric, its mean and spread over the folds of a cross-validation; {} without one.
    """

    version: int | None
    data: list[str]
    code: dict[str, Any]
    folds: dict[str, Spread] = msgspec.field(default_factory=dict)


class RunsResult(Record, frozen=True, kw_only=True):
    """The runs that fit, and how many there are in all.

    Attributes:
        more: others fit as well; `limit` has cut them off.
    """

    runs: tuple[RunRow, ...]
    total: int
    more: bool = False

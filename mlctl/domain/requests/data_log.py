"""`mlctl data log`."""

import msgspec

from mlctl.domain.dataset import DatasetRow
from mlctl.domain.file_changes import Tally


class DataLogRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which dataset.

    Attributes:
        name: of the dataset; None where there is one alone.
        last: only so many of the newest versions; all if None.
    """

    name: str | None = None
    last: int | None = None


class DatasetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A version and the decision that gave it its number.

    Attributes:
        added_by: git name, or the user of the operating system.
        current: whether the pointer in the work tree names it.
        files: in all.
        changes: against the living version before it; None for the first.
        moved_from: the path of the version before it, where that is another one.
    """

    dataset: DatasetRow
    decision: int
    time: str
    added_by: str
    command: str
    current: bool
    files: int
    changes: Tally | None
    moved_from: str | None = None


class DataLogResult(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's history, newest first."""

    name: str
    versions: tuple[DatasetEvent, ...]

"""`mlctl data log`."""

import msgspec

from mlctl.domain.dataset import DatasetRow


class DataLogRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which dataset."""

    name: str


class DatasetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A version and the decision that gave it its number.

    Attributes:
        added_by: git name, or the user of the operating system.
        current: whether the pointer in the work tree names it.
    """

    dataset: DatasetRow
    decision: int
    time: str
    added_by: str
    command: str
    current: bool


class DataLogResult(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's history, newest first."""

    name: str
    versions: tuple[DatasetEvent, ...]

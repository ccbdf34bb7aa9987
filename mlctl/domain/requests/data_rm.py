"""`mlctl data rm`."""

import msgspec


class DataRmRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is not to be tracked any more.

    Attributes:
        names: datasets, or paths of their data.
        files: remove the data in the work tree too, if versions hold their bytes.
        force: remove them even where nothing else holds their bytes.
    """

    names: tuple[str, ...]
    files: bool = False
    force: bool = False
    dry_run: bool = False


class Untracked(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that has no pointer any more.

    Attributes:
        version: the newest in the log, which stays; None where there is none.
        written: ignore files that lost a line.
        removed: the pointer, and ignore files that became empty.
        data_removed: files of the work tree, in all.
    """

    name: str
    path: str
    version: int | None
    written: tuple[str, ...]
    removed: tuple[str, ...]
    data_removed: int


class DataRmResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that were named."""

    datasets: tuple[Untracked, ...]
    changed: bool

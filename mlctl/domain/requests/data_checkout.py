"""`mlctl data checkout`."""

import msgspec


class DataCheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to restore.

    Attributes:
        dataset: `rides` (what its pointer names, else its newest version), `rides@3`; all that have a
            pointer or a version if None.
        path: only this file or subfolder; the rest and the pointer stay as they are.
        to: a folder that gets plain copies; the work tree stays as it is.
        force: overwrite bytes that nothing else holds.
    """

    dataset: str | None = None
    path: str | None = None
    to: str | None = None
    force: bool = False
    dry_run: bool = False


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What the work tree holds of a dataset now.

    Attributes:
        version: None where the pointer names bytes that have no version here.
        written, removed: files, relative to the project.
        fetched: files that came from the remote first.
        partial: whether a part was restored, or copied elsewhere, and the pointer is as it was.
    """

    name: str
    path: str
    version: int | None
    md5: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    fetched: int
    partial: bool = False


class DataCheckoutResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked at."""

    datasets: tuple[Restored, ...]
    changed: bool

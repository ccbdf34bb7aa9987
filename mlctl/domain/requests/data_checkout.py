"""`mlctl data checkout`."""

import msgspec


class DataCheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to restore.

    Attributes:
        dataset: `rides` (what its pointer names, else its newest version), `rides@3`; all that have a
            pointer or a version if None.
        force: overwrite bytes that nothing else holds.
    """

    dataset: str | None = None
    force: bool = False
    dry_run: bool = False


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What the work tree holds of a dataset now.

    Attributes:
        version: None where the pointer names bytes that have no version here.
        written, removed: files, relative to the project.
        fetched: files that came from the remote first.
    """

    name: str
    path: str
    version: int | None
    md5: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    fetched: int


class DataCheckoutResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked at."""

    datasets: tuple[Restored, ...]
    changed: bool

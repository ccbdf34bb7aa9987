"""`mlctl data status`."""

import msgspec


class DataStatusRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the exit code says that something differs."""

    check: bool = False


class DatasetState(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's work tree against its pointer and versions.

    Attributes:
        state: "clean"; "new" (no version yet), "modified" (differs from its pointer), "missing" (only the
            pointer is there), "unversioned" (the pointer names bytes that have no version), "gone" (neither
            is there).
        version: the one that the pointer names; None where it names none.
        newest: the highest that there is, or None.
    """

    name: str
    path: str
    state: str
    version: int | None
    newest: int | None
    why: str = ""
    next: str | None = None


class DataStatusResult(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets that have a place in the work tree."""

    datasets: tuple[DatasetState, ...]
    clean: bool

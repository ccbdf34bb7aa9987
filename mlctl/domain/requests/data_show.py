"""`mlctl data show`."""

from typing import Any

import msgspec

from mlctl.domain.dataset import Column, DatasetRow, FileEntry
from mlctl.domain.profile import Profile


class DataShowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which version: `rides`, `rides@3`, `rides@latest`; the only dataset by default."""

    dataset: str | None = None


class DataShowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A version in full.

    Attributes:
        schema: columns of a table.
        profile: their summary; None where it is no table.
        files: of a folder.
        origin: where it came from, and how its text is read.
        parent: digest of the version before it.
    """

    dataset: DatasetRow
    shape: str
    sha256: str
    schema: tuple[Column, ...]
    profile: Profile | None
    files: tuple[FileEntry, ...]
    origin: dict[str, Any]
    parent: str | None

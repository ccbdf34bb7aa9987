"""`mlctl data show`."""

from typing import Any

import msgspec

from mlctl.domain.dataset import Column, DatasetRow, FileEntry
from mlctl.domain.folder_profile import FolderProfile
from mlctl.domain.profile import Profile

LISTED = 1_000


class DataShowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which version: `rides`, `rides@3`, `rides@latest`; the only dataset by default.

    Attributes:
        limit: files of a folder to list.
    """

    dataset: str | None = None
    limit: int = LISTED


class DataShowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A version in full.

    Attributes:
        schema: columns of a table.
        profile: their summary; None where it is no table.
        folder: the profile of a folder; None for a single file.
        files: the first ones of a folder, by path, and `more` that are not listed.
        origin: where it came from, and how its text is read.
        parent: digest of the version before it.
    """

    dataset: DatasetRow
    shape: str
    sha256: str
    schema: tuple[Column, ...]
    profile: Profile | None
    folder: FolderProfile | None
    files: tuple[FileEntry, ...]
    more: int
    origin: dict[str, Any]
    parent: str | None

"""`mlctl data diff`."""

import msgspec

from mlctl.domain.dataset import Column
from mlctl.domain.file_changes import FileChange, Tally

LISTED = 1_000


class DataDiffRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to compare.

    Attributes:
        old: `images` (what its pointer names), `images@1`; the only dataset by default.
        new: a version; the work tree if None.
        path: only this file or subfolder of the dataset.
        limit: files to list; all are counted.
    """

    old: str | None = None
    new: str | None = None
    path: str | None = None
    limit: int = LISTED


class DiffSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two.

    Attributes:
        label: "images@1", "the work tree", or "its pointer" where that names no version.
        version: its number, if it is one.
        files, bytes: in all, below `path` if one is asked for.
        rows, columns: of a table.
    """

    label: str
    version: int | None
    files: int
    bytes: int
    rows: int | None = None
    columns: int | None = None


class ColumnsDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of a table that came, went, or hold another type (the new one is given)."""

    added: tuple[Column, ...] = ()
    removed: tuple[Column, ...] = ()
    retyped: tuple[Column, ...] = ()


class DataDiffResult(msgspec.Struct, frozen=True, kw_only=True):
    """What differs.

    Attributes:
        tally: files and bytes by kind of change.
        files: the first changes by path, and `more` that are not listed.
        columns: of a table; None for anything else.
    """

    name: str
    old: DiffSide
    new: DiffSide
    different: bool
    tally: Tally
    files: tuple[FileChange, ...]
    more: int
    columns: ColumnsDiff | None = None

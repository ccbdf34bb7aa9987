"""Datasets: a version is the digest of what it holds, its number a name that the log gives."""

from typing import Any, ClassVar

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.records import Fact, Record


class Column(Record, frozen=True, kw_only=True):
    """A column of a table.

    Attributes:
        type: "integer", "number", "boolean", "string", "date" or "datetime".
    """

    name: str
    type: str
    nullable: bool = False


class FileEntry(Record, frozen=True, kw_only=True):
    """One file of a dataset; `path` is relative to the dataset's folder ("" for a single file)."""

    path: str
    size: int
    md5: str
    sha256: Digest


class DatasetVersion(Fact, frozen=True, kw_only=True):
    """One version of a dataset.

    Attributes:
        name: the dataset.
        path: relative to the project, with "/"; None where the bytes are only in the store (frozen).
        shape: "file" or "folder".
        md5: DVC's: of the file, or of the folder's listing with ".dir" at the end.
        sha256: of the file, or of the manifest object that lists a folder's files.
        bytes, files: sizes in all.
        rows, columns: of a table; None and () for anything else.
        profile: object with a `Profile`, or None where it is no table.
        origin: where it came from: {} for added files; for a frozen dataset the model, window and batches.
        parent: digest of the version before it.
    """

    kind: ClassVar[str] = "datasets"

    name: str
    path: str | None
    shape: str
    md5: str
    sha256: Digest
    bytes: int
    files: int
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    profile: Digest | None = None
    origin: dict[str, Any] = msgspec.field(default_factory=dict)
    parent: Digest | None = None


class CheckResult(Record, frozen=True, kw_only=True):
    """One declared check and how it went.

    Attributes:
        failed: rows that break it.
        examples: up to five of them: {"row": 1-based data row, "value": ...}.
    """

    check: str
    passed: bool
    failed: int = 0
    examples: tuple[dict[str, Any], ...] = ()
    why: str = ""


class DatasetRow(Record, frozen=True, kw_only=True):
    """A dataset as `data ls` and `data add` show it.

    Attributes:
        published: False where the version waits for publication and its number may still change.
        files: how many a folder has; None for a single file.
    """

    name: str
    version: int
    path: str | None
    rows: int | None
    columns: int | None
    bytes: int
    md5: str
    created: str
    digest: str
    published: bool = True
    files: int | None = None

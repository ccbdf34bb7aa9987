"""`mlctl data import`."""

import msgspec

from mlctl.domain.dataset import DatasetRow
from mlctl.domain.imported import Lock, Source


class DataImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to import and where to put it.

    Attributes:
        source: a URL or path; a git repository if `path` is given.
        path: inside the repository.
        rev: branch, tag or commit of the repository; its HEAD if None.
        name: of the dataset; by default the declared one, or made from the file's name.
        output: where in the project; by default a name like the source's in the current folder.
        sha256: what the file must have, now and after each update.
    """

    source: str
    path: str | None = None
    rev: str | None = None
    name: str | None = None
    output: str | None = None
    sha256: str | None = None
    dry_run: bool = False


class DataImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported.

    Attributes:
        source: as it is recorded, without credentials.
        lock: the state that was imported, or would be.
        dataset: its version; None in a dry run of something new.
        added: the version, if it is new, as "rides@1".
        files: what was written in the work tree.
    """

    name: str
    path: str
    source: Source
    lock: Lock
    dataset: DatasetRow | None
    added: str | None
    files: tuple[str, ...]
    changed: bool

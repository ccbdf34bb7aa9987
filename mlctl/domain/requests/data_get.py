"""`mlctl data get`."""

import msgspec


class DataGetRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which file or folder.

    Attributes:
        path: of a dataset or below one, as typed; with `version` it may begin at the dataset's folder.
        version: `images@2`; what the pointer in the work tree names if None.
        out: file or folder to write instead of the place in the work tree.
        remote: name of the data's remote; the default one if None.
        force: overwrite other bytes.
    """

    path: str
    version: str | None = None
    out: str | None = None
    remote: str | None = None
    force: bool = False
    dry_run: bool = False


class DataGetResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought.

    Attributes:
        path: of the dataset, relative to the project.
        under: the part of it that was asked for; "" for all of it.
        version: `images@2`, or None where the pointer names bytes that have no version here.
        target: the file or folder that holds it now.
        files, bytes: asked for.
        written: files that were written, relative to the current folder; the rest was there already.
        fetched_files, fetched_bytes: of those, what came (or would come) from the remote.
    """

    path: str
    under: str
    version: str | None
    target: str
    files: int
    bytes: int
    written: tuple[str, ...]
    fetched_files: int
    fetched_bytes: int
    changed: bool

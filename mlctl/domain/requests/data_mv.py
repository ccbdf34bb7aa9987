"""`mlctl data mv`."""

import msgspec


class DataMvRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to move.

    Attributes:
        old: the dataset's name, or the path of its data.
        new: the path that they are to have; a folder that exists takes them in.
    """

    old: str
    new: str
    dry_run: bool = False


class DataMvResult(msgspec.Struct, frozen=True, kw_only=True):
    """Where the dataset is now.

    Attributes:
        old, new: paths relative to the project.
        version: the one with the new path and the same bytes; None in a dry run, or where there was none.
        written, removed: files beside the data: pointers, ignore files.
    """

    name: str
    old: str
    new: str
    version: int | None
    written: tuple[str, ...]
    removed: tuple[str, ...]
    changed: bool

"""`mlctl data update`."""

import msgspec

from mlctl.domain.file_changes import Tally
from mlctl.domain.imported import Lock, Source


class DataUpdateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which imported datasets to ask for.

    Attributes:
        names: all that were imported, if empty.
        rev: another branch, tag or commit, of one dataset from a repository.
        sha256: what the file of one dataset must have from now on, in place of what an import promised.
    """

    names: tuple[str, ...] = ()
    rev: str | None = None
    sha256: str | None = None
    dry_run: bool = False


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one dataset.

    Attributes:
        changed: whether the source's state is another one, and so whether anything was written.
        old, new: the states.
        before, version: numbers of the versions; equal where the bytes are the same in spite of a new state.
            None in a dry run.
        tally: what differs between them; None where nothing was fetched.
        rows_before, rows: of a table.
        files: what was written in the work tree.
    """

    name: str
    path: str
    source: Source
    changed: bool
    old: Lock
    new: Lock
    before: int | None = None
    version: int | None = None
    tally: Tally | None = None
    rows_before: int | None = None
    rows: int | None = None
    files: tuple[str, ...] = ()


class DataUpdateResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that were asked for."""

    datasets: tuple[Updated, ...]
    changed: bool

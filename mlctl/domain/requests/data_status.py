"""`mlctl data status`."""

import msgspec


class DataStatusRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to compare.

    Attributes:
        names: datasets, or paths of their data; all if empty.
        check: the exit code says that something differs.
        remote: also ask the data's remote what it holds.
    """

    names: tuple[str, ...] = ()
    check: bool = False
    remote: bool = False


class DatasetState(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's work tree against its pointer and versions.

    Attributes:
        state: "clean"; "new" (no version yet), "modified" (differs from its pointer), "partial" (some of
            the version's files, as `data get` brings them, and no others), "missing" (only the pointer is
            there), "unreadable" (`why` says what stands in the way: a symbolic link, a name with a line
            break, no permission), "unversioned" (the pointer names bytes without a version), "gone" (neither
            is there, and mlctl.toml declares it), "absent" (neither is there: another branch's; no fault),
            "untracked" (its pointer was taken away, and mlctl.toml does not declare it; no fault).
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


class DatasetPresence(msgspec.Struct, frozen=True, kw_only=True):
    """What the remote holds of the data that a dataset's pointer names, or else its newest version.

    Attributes:
        name: of the dataset; of an out of a pipeline that is no dataset the name of its stage.
        version: `images@2`, or None where the pointer names bytes that have no version here.
        state: "complete"; "incomplete"; "elsewhere" (no push carries it: its pointer says `push: false`, or
            it was imported from another repository and has no version here).
        files, bytes: in all.
        missing_files, missing_bytes: those that the remote lacks; 0 files where only a folder's listing is.
        here: whether this machine's cache holds what is missing.
        added_by, added_at: of the version, by the log, else of the pointer's last commit.
        next: what to type.
        stage: of `dvc.yaml`, where this is an out of a pipeline and no dataset.
    """

    name: str
    path: str
    version: str | None
    state: str
    files: int
    bytes: int
    missing_files: int = 0
    missing_bytes: int = 0
    here: bool = True
    added_by: str | None = None
    added_at: str | None = None
    next: str | None = None
    stage: str | None = None


class RemotePresence(msgspec.Struct, frozen=True, kw_only=True):
    """What the data's remote holds; outs of pipelines come after the datasets."""

    url: str
    datasets: tuple[DatasetPresence, ...]
    complete: bool


class DataStatusResult(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets that have a place in the work tree.

    Attributes:
        remote: None where it was not asked.
    """

    datasets: tuple[DatasetState, ...]
    clean: bool
    remote: RemotePresence | None = None

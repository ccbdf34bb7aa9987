"""`mlctl data add`."""

import msgspec

from mlctl.domain.dataset import DatasetRow


class DataAddRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to version.

    Attributes:
        paths: files and folders as typed; all data that is declared or has a pointer, if empty.
        name: of the dataset, where one path is given that `mlctl.toml` does not declare.
        force: also folders of which files are left out that have never been here.
    """

    paths: tuple[str, ...] = ()
    name: str | None = None
    force: bool = False
    dry_run: bool = False


class DataAddResult(msgspec.Struct, frozen=True, kw_only=True):
    """The versions that the work tree now stands on.

    Attributes:
        added: those that are new, as "rides@1".
        files: paths of pointers and ignore files that were written, to be committed with git.
    """

    datasets: tuple[DatasetRow, ...]
    added: tuple[str, ...]
    files: tuple[str, ...]
    changed: bool

"""`mlctl init`."""

import msgspec


class InitRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of project, and where.

    Attributes:
        directory: the project's folder, made if it does not exist.
        template: starter to copy; "bare" where neither this nor `table` is given and there is no spec yet.
        name: of the project; the folder's name by default.
        table: a file to make the spec from (`--from`).
        target: its column to predict.
        columns: names of its columns, where it has no header.
        null: texts that mean a missing value in it.
        test: a file with the rows to test on.
        task: of the model, where it is not the one that the target suggests.
        quantile: which one is to be answered, for the task "quantile".
        weight: the column that says how much a row counts.
    """

    directory: str = "."
    template: str | None = None
    name: str | None = None
    table: str | None = None
    target: str | None = None
    columns: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    test: str | None = None
    task: str | None = None
    quantile: float | None = None
    weight: str | None = None
    dry_run: bool = False


class InitResult(msgspec.Struct, frozen=True, kw_only=True):
    """The project.

    Attributes:
        path: its folder.
        created: files that were made, relative to it; and ".git", ".dvc", ".mlctl".
        kept: files of the starter that were there already with other content, and stay as they are.
        repository: id of the repository; None on a dry run.
        target, task, notes: of a spec made from a table: what was found and decided.
    """

    project: str
    path: str
    created: tuple[str, ...]
    kept: tuple[str, ...] = ()
    repository: str | None = None
    template: str | None = None
    target: str | None = None
    task: str | None = None
    notes: tuple[str, ...] = ()
    changed: bool

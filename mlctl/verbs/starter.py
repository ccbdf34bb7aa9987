"""Where a new project's own files come from: a template, or a spec proposed from a table."""

import os
import shlex
from pathlib import Path

import msgspec
import pyarrow as pa

from mlctl.domain.errors import ColumnMissing, NotFound, PermissionRefused, UnreadableTable, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.spec import ReadSpec
from mlctl.project.places import name_from
from mlctl.project.session import SPEC_FILE
from mlctl.tabular.propose import propose
from mlctl.tabular.read import read_bytes
from mlctl.workspace import template


class Starter(msgspec.Struct, frozen=True, kw_only=True):
    """A new project's files.

    Attributes:
        files: (path with "/", content).
    """

    files: tuple[tuple[str, bytes], ...]
    template: str | None = None
    target: str | None = None
    task: str | None = None
    notes: tuple[str, ...] = ()
    has_model: bool = True


def starter_of(root: Path, project: str, request: InitRequest) -> Starter:
    """The files that the request asks for.

    Raises:
        UsageError: options that do not go together.
        NotFound: no such template or table.
        UnreadableTable, ColumnMissing: the table, or its target.
    """
    if request.table is not None:
        if request.template is not None:
            raise UsageError("--from makes the spec itself and takes no --template", "mlctl init --help")
        return _proposed(root, project, request)
    alone = (request.target, request.columns, request.null, request.test, request.task, request.weight)
    if any(alone) or request.quantile is not None:
        raise UsageError(
            "--target, --columns, --null, --test, --task, --quantile and --weight go with --from",
            "mlctl init --help",
        )
    if request.template is None and (root / SPEC_FILE).exists():
        return Starter(files=(), has_model=False)
    chosen = request.template or "bare"
    return Starter(files=tuple(template.files(chosen, project)), template=chosen, has_model=chosen != "bare")


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    """A table outside or inside the project; `path` is where it will be, relative to the project."""

    name: str
    path: str
    data: bytes
    table: pa.Table


def _proposed(root: Path, project: str, request: InitRequest) -> Starter:
    """The spec that the table suggests, and the table itself where it is not in the project yet."""
    read = ReadSpec(names=list(request.columns) or None, null=list(request.null))
    main = _source(root, str(request.table), read)
    if request.target is None:
        last = main.table.column_names[-1]
        raise UsageError(
            f"which column is to be predicted? {main.path} has {', '.join(main.table.column_names)}",
            _command(request, last),
            columns=main.table.column_names,
        )
    _check_target(main, request, request.target)
    test = _source(root, request.test, read, taken=main) if request.test else None
    proposal = propose(
        main.table,
        target=request.target,
        project=project,
        model=name_from(request.target, "model"),
        data_name=main.name,
        data_path=main.path,
        read=read,
        test=(test.name, test.path, test.table) if test else None,
        weight=request.weight,
        task=request.task,
        quantile=request.quantile,
    )
    sources = [source for source in (main, test) if source is not None]
    return Starter(
        files=(
            (SPEC_FILE, proposal.text.encode("utf-8")),
            *((source.path, source.data) for source in sources),
        ),
        target=request.target,
        task=proposal.task,
        notes=proposal.notes,
    )


def _check_target(main: _Source, request: InitRequest, target: str) -> None:
    names = main.table.column_names
    if target in names:
        return
    near = nearest(target, names)
    header = "" if request.columns else " (where its first line is no header: --columns a,b,…)"
    raise ColumnMissing(
        f"{main.path} has no column {target!r}"
        + (f"; did you mean {near!r}?" if near else f"; it has {', '.join(names)}{header}"),
        _command(request, near) if near else "mlctl init --help",
        column=target,
        nearest=near,
        columns=names,
    )


def _command(request: InitRequest, target: str) -> str:
    """The command as it was typed, with another target."""
    words = ["mlctl", "init", *([request.directory] if request.directory != "." else [])]
    words += ["--from", str(request.table), "--target", target]
    words += ["--columns", ",".join(request.columns)] if request.columns else []
    words += [word for text in request.null for word in ("--null", text)]
    words += ["--test", request.test] if request.test else []
    words += ["--task", request.task] if request.task else []
    words += ["--quantile", f"{request.quantile:g}"] if request.quantile is not None else []
    return shlex.join([*words, *(["--weight", request.weight] if request.weight else [])])


def _source(root: Path, typed: str, read: ReadSpec, taken: _Source | None = None) -> _Source:
    given = Path(os.path.realpath(typed))
    top = Path(os.path.realpath(root))
    path = given.relative_to(top).as_posix() if top in given.parents else f"data/{given.name}"
    name = name_from(given.name.split(".")[0], "data")
    if taken is not None and name == taken.name:
        name = f"{name}-test"
    if taken is not None and path == taken.path:
        raise UsageError(
            f"--test and --from would both be {path}; rename one", "mlctl init --help", path=path
        )
    try:
        data = given.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{typed} does not exist", "mlctl init --help", path=typed) from None
    except IsADirectoryError:
        raise UnreadableTable(f"{typed} is a folder, not a table", "mlctl init --help", path=typed) from None
    except PermissionError:
        raise PermissionRefused(f"no permission to read {typed}", path=typed) from None
    return _Source(name=name, path=path, data=data, table=read_bytes(data, typed, read))

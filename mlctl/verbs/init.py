"""`mlctl init`: a project in an empty folder, an existing git repository, or a subfolder of one.

Nothing that exists is overwritten, nothing is committed. The repository under `.mlctl/` is made last, so
that an init that was killed is simply run again.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mlctl.domain.errors import AlreadyExists, Missing, NoRepository
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event, Report
from mlctl.domain.refs import check_name
from mlctl.domain.requests.init import InitRequest, InitResult
from mlctl.project.places import name_from
from mlctl.project.session import SPEC_FILE, timestamp
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.remote_settings import read_remotes
from mlctl.store.repository import Repository
from mlctl.store.work_tree import is_apart, join, layout_of
from mlctl.verbs.starter import Starter, starter_of
from mlctl.workspace import git, git_tree
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_owners import tracked_in
from mlctl.workspace.environment import actor
from mlctl.workspace.project import missing_settings, place_file, shared_cache

_MAY_STAY = {"README.md"}  # a project has its own; a starter's is not worth a refusal


def init(request: InitRequest, *, report: Report, command: str) -> Outcome[InitResult]:
    """Make a project, or finish one; a complete one stays as it is."""
    root = Path(os.path.abspath(request.directory))  # noqa: PTH100 - links stay links
    _check_folder(root)
    name = check_name("project", request.name or name_from(root.name, "project"))
    made = _is_made(root)
    if not made and (joined := _joined(root, name, request)) is not None:
        return joined
    if made and ((root / SPEC_FILE).exists() or not (request.table or request.template)):
        return _stands(root, name, request)
    starter = starter_of(root, name, request)
    files, kept = _to_write(root, starter.files)
    settings = missing_settings(root)
    created = [
        *(path for path, _ in files),
        *(path for path, _ in settings if not (root / path).exists()),
        *([] if made else [".mlctl"]),
    ]
    if git_tree.top(_nearest(root)) is None:
        git.require()  # before anything is written
        created.append(".git")
    result = InitResult(
        project=name,
        path=str(root),
        created=tuple(sorted(created)),
        kept=tuple(kept),
        template=starter.template,
        target=starter.target,
        task=starter.task,
        notes=starter.notes,
        changed=True,
    )
    if not request.dry_run:
        for done, (path, content) in enumerate([*files, *settings], 1):
            place_file(root, path, content)
            report(Event(step=f"make {root.name}", done=done, total=len(files) + len(settings), unit="files"))
        identity = _repository(root, command)
        result = msgspec.structs.replace(result, repository=identity)
    tracked = tracked_in(root)[0] if root.exists() else []
    shared = not request.dry_run and read_remotes(Layout(root / FOLDER))[1] is not None
    then = _next(request, starter, has_data=bool(tracked), shared=shared)
    return Outcome(data=result, next=then)


def _check_folder(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise AlreadyExists(f"{root} is a file; a project is a folder", "mlctl init --help", path=str(root))
    if is_apart(root):
        return
    try:
        above = Repository.find(root.parent)
    except NoRepository:
        return
    if not (root / ".mlctl").exists():
        raise AlreadyExists(
            f"{root} is inside the project {above.root}",
            f"mlctl -C {above.root} status",
            path=str(above.root),
        )


def _is_made(root: Path) -> bool:
    try:
        return layout_of(root) is not None
    except Missing:  # it shared a store that has gone
        return False


def _joined(root: Path, name: str, request: InitRequest) -> Outcome[InitResult] | None:
    """Share store and cache with another work tree of the same git repository, if one has a project here."""
    own = git_tree.top(root) if root.exists() else None
    if own is None:
        return None
    part = Path(os.path.realpath(root)).relative_to(os.path.realpath(own))
    others = [tree / part for tree in git.work_trees(root) if (tree / part).resolve() != root.resolve()]
    other = next((folder for folder in others if _is_made(folder)), None)
    layout = None if other is None else layout_of(other)
    if other is None or layout is None:
        return None
    settings = [*missing_settings(root), *shared_cache(root, read_settings(other).cache)]
    if not request.dry_run:
        for path, content in settings:
            place_file(root, path, content)
        join(root, Layout(layout.store))
    data = InitResult(
        project=name,
        path=str(root),
        created=tuple(sorted([".mlctl/worktree", *(path for path, _ in settings)])),
        repository=Repository(root).id if not request.dry_run else None,
        notes=(f"shares history and cache with the work tree {other}",),
        changed=True,
    )
    return Outcome(data=data, next=("mlctl data checkout",))


def _stands(root: Path, name: str, request: InitRequest) -> Outcome[InitResult]:
    """The project is complete; only settings that somebody removed are put back."""
    settings = missing_settings(root)
    if not request.dry_run:
        for path, content in settings:
            place_file(root, path, content)
    created = tuple(path for path, _ in settings)
    identity = Repository(root).id
    data = InitResult(
        project=name, path=str(root), created=created, repository=identity, changed=bool(created)
    )
    asked = "--from" if request.table else "--template" if request.template else None
    unused = f"{SPEC_FILE} is there already and stays as it is: {asked} was not used" if asked else None
    return Outcome(data=data, warnings=(unused,) if unused else (), next=("mlctl status",))


def _to_write(root: Path, files: Iterable[tuple[str, bytes]]) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The files that are not there yet, and the paths of those that differ and may stay.

    Raises:
        AlreadyExists: a file that matters is there with other content; nothing has been written.
    """
    wanted: list[tuple[str, bytes]] = []
    kept: list[str] = []
    conflicts: list[str] = []
    for path, data in files:
        target = root / path
        if not target.exists():
            wanted.append((path, data))
        elif target.is_dir() or target.read_bytes() != data:
            (kept if path in _MAY_STAY else conflicts).append(path)
    if conflicts:
        raise AlreadyExists(
            f"{root} has {', '.join(conflicts)} already, with other content; nothing was changed",
            "mlctl init",
            paths=conflicts,
        )
    return wanted, kept


def _repository(root: Path, command: str) -> str:
    if git_tree.top(root) is None:
        git.create(root)
    try:
        made = Repository.create(
            root, actor=actor(root), command=command, now=lambda: timestamp(datetime.now(UTC))
        )
    except AlreadyExists:  # another init was faster
        made = Repository(root)
    return made.id


def _nearest(root: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    return next(folder for folder in (root, *root.parents) if folder.exists())


def _next(request: InitRequest, starter: Starter, *, has_data: bool, shared: bool) -> tuple[str, ...]:
    here = Path(request.directory).resolve() == Path.cwd()
    go = () if here else (f"cd {request.directory}",)
    if shared:  # a clone, which would begin a log of its own
        go = (*go, "mlctl fetch")
    if has_data:  # dvc's, to be taken over
        go = (*go, "mlctl data add")
    return (*go, *(("mlctl train",) if starter.has_model else ("mlctl spec explain",)))

"""`mlctl data rm`: stop tracking data. Versions and their bytes stay; `data checkout NAME` tracks them again.

Order: the data (if asked for), the ignore line, the pointer. Killed in between, the same command finishes it.
"""

import msgspec

from mlctl.datasets.intake import look
from mlctl.domain.errors import NotFound, WorkspaceDirty
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_rm import DataRmRequest, DataRmResult, Untracked
from mlctl.project.places import Place, named_or_at
from mlctl.project.session import Session
from mlctl.project.versions import held_bytes, newest, with_bytes
from mlctl.workspace.dvc_cache import DvcCache, discard
from mlctl.workspace.dvc_files import pointer_path, read_settings, unignore_in_git
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.dvc_owners import foreign_owner
from mlctl.workspace.git_tree import stage, stage_removed, top

_SHOWN = 5


def data_rm(session: Session, request: DataRmRequest) -> Outcome[DataRmResult]:
    """Remove pointers and ignore lines; a dataset that has none is left as it is."""
    places = list(
        {place.path: place for place in (named_or_at(session, name) for name in request.names)}.values()
    )
    for place in places:
        owner = foreign_owner(session.root, place.path)
        if owner is not None:
            raise owner.refusal("it cannot be removed here")
    with dvc_lock(session.root, [session.root / place.path for place in places]):
        files = [_files(session, place, request) for place in places]  # refused before the first is removed
        gone = tuple(
            _remove(session, place, paths, dry_run=request.dry_run)
            for place, paths in zip(places, files, strict=True)
        )
    again = [f"mlctl data checkout {one.name}" for one in gone if one.removed and one.version is not None]
    return Outcome(
        data=DataRmResult(datasets=gone, changed=any(one.removed or one.data_removed for one in gone)),
        warnings=tuple(
            f"mlctl.toml still declares [data.{place.name}]; remove it there"
            for place in places
            if place.spec
        ),
        next=tuple(again) if not request.dry_run else (),
    )


def _files(session: Session, place: Place, request: DataRmRequest) -> list[str]:
    """The files of the work tree to remove.

    Raises:
        WorkspaceDirty: no version holds the bytes of some.
    """
    if not request.files or not (session.root / place.path).exists():
        return []
    cache = None if request.dry_run else DvcCache.of(read_settings(session.root))
    try:
        seen = look(session, place, cache)
    except NotFound:  # what a killed command has left: folders without files
        return []
    if cache is not None:
        cache.flush()
    files = [f"{place.path}/{entry.path}" if entry.path else place.path for entry in seen.entries()]
    known = with_bytes(session, place.name, seen.md5, place.spec.read if place.spec else None)
    if known is None and not request.force:
        held = held_bytes(session, place.name)
        lost = [file for file, entry in zip(files, seen.entries(), strict=True) if entry.md5 not in held]
        if lost:
            raise WorkspaceDirty(
                f"{_some(lost)}: no version holds these bytes",
                f"mlctl data add {place.path}",
                f"mlctl data rm {place.name} --files --force",
                paths=lost[:1000],
            )
    return files


def _remove(session: Session, place: Place, files: list[str], *, dry_run: bool) -> Untracked:
    root = session.root
    target, last = root / place.path, newest(session, place.name)
    pointer = pointer_path(target)
    told = Untracked(
        name=place.name,
        path=place.path,
        version=last.number if last else None,
        written=(),
        removed=(pointer.relative_to(root).as_posix(),) if pointer.exists() else (),
        data_removed=len(files),
    )
    if dry_run:
        return told
    discard(root, files)
    if not pointer.exists():
        return told
    ignore = unignore_in_git(target) if top(root) else None
    if read_settings(root).autostage:
        stage_removed(root, told.removed)
    pointer.unlink()
    if ignore is None:
        return told
    if read_settings(root).autostage and ignore.exists():
        stage(root, [ignore.relative_to(root).as_posix()])
    where = (ignore.relative_to(root).as_posix(),)
    if ignore.exists():
        return msgspec.structs.replace(told, written=where)
    return msgspec.structs.replace(told, removed=(*where, *told.removed))


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (" …" if len(paths) > _SHOWN else "")

"""Restores a part of a version: a subfolder or one file, in its place or as plain copies elsewhere.

The rest of the work tree is not touched, and neither is the pointer: it still says what the whole is to hold.
"""

import os
import shlex
from pathlib import Path

from mlctl.datasets.folder_files import files_of_pointer, files_of_version
from mlctl.datasets.intake import look
from mlctl.datasets.parts import Part, part_of, pointer_of
from mlctl.datasets.restoring import fetch, refuse_loss
from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import AlreadyExists, NotFound, UsageError
from mlctl.domain.file_changes import is_below
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event
from mlctl.domain.requests.data_checkout import DataCheckoutRequest, DataCheckoutResult, Restored
from mlctl.project.places import Place, is_in_data
from mlctl.project.session import Session
from mlctl.project.versions import Numbered
from mlctl.workspace.bring_back import bring_back
from mlctl.workspace.dvc_cache import DvcCache, discard
from mlctl.workspace.dvc_files import Pointer, read_settings
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.scan import read_file


def partial_checkout(
    session: Session, request: DataCheckoutRequest, place: Place, pointer: Pointer, version: Numbered | None
) -> Outcome[DataCheckoutResult]:
    """Restore what `request.path` names of a version, or all of it where `request.to` names another place.

    Args:
        session: of the project.
        request: with `path`, `to`, or the name of a part.
        place: of the dataset.
        pointer: to the bytes that are wanted.
        version: the one that holds them; None where the pointer names bytes without a version.

    Raises:
        NotFound: there is nothing at the path. WorkspaceDirty: bytes would be lost.
        AlreadyExists: other bytes stand at the other place.
    """
    under = _normal(request.path)
    if request.to is not None and is_in_data(session, request.to):
        raise UsageError(
            f"{request.to} is in tracked data; copies go elsewhere",
            "mlctl data checkout --help",
            path=request.to,
        )
    cache = DvcCache.of(read_settings(session.root))
    with dvc_lock(session.root, [session.root / place.path]):
        fetched = 0 if version is not None else fetch(session, [(place.path, pointer.md5)], cache)
        files = [
            entry
            for entry in (
                files_of_version(session, version.version, under)
                if version is not None
                else files_of_pointer(cache, pointer)
            )
            if is_below(entry.path, under)
        ]
        if not files:
            raise _nothing(place, version, under)
        if not request.dry_run:
            fetched += fetch(session, [(f"{place.path}/{entry.path}", entry.md5) for entry in files], cache)
        act = _copy if request.to is not None else _in_place
        written, removed = act(session, request, place, under, files, cache)
    restored = Restored(
        name=place.name,
        path=request.to or "/".join(part for part in (place.path, under) if part),
        version=version.number if version is not None else None,
        md5=pointer.md5,
        written=tuple(written),
        removed=tuple(removed),
        fetched=fetched,
        partial=True,
    )
    return Outcome(
        data=DataCheckoutResult(datasets=(restored,), changed=bool(written or removed)),
        warnings=() if request.to is not None else _told(session, place, pointer),
    )


def _nothing(place: Place, version: Numbered | None, under: str) -> NotFound:
    label = version.label if version is not None else place.name
    below = under.removeprefix(f"{place.path}/")
    hint = f"mlctl data show {label}"
    if below != under:
        hint = f"mlctl data checkout {label} --path {shlex.quote(below)}"
    return NotFound(f"{label} holds nothing at {under!r}; a path begins in the dataset", hint, path=under)


def _in_place(
    session: Session,
    request: DataCheckoutRequest,
    place: Place,
    under: str,
    files: list[FileEntry],
    cache: DvcCache,
) -> tuple[list[str], list[str]]:
    del cache
    there = {_joined(place.path, entry.path): entry.md5 for entry in _standing(session, place, under)}
    wants = {_joined(place.path, entry.path): entry for entry in files}
    written = sorted(path for path, entry in wants.items() if there.get(path) != entry.md5)
    removed = sorted(set(there) - set(wants))
    lost = {path: there[path] for path in [*written, *removed] if path in there}
    if lost and not request.force:
        part = part_of(session, place)
        command = f"mlctl data checkout {request.dataset}" + (f" --path {under}" if under else "")
        refuse_loss(session, part.whole if part else place, lost, command)
    if request.dry_run:
        return written, removed
    discard(session.root, removed)
    bring_back(
        session.root,
        [(wants[path].md5, path, None, wants[path].sha256) for path in written],
        read_settings(session.root),
        count=len(written),
        memory=memory_of(session),
        whole=None,
        step=f"restore {place.path}",
        report=session.report,
    )
    return written, removed


def _standing(session: Session, place: Place, under: str) -> list[FileEntry]:
    """The files that the work tree has there now; paths relative to the dataset."""
    if not os.path.lexists(session.root / place.path):
        return []
    try:
        seen = look(session, place)
        return [entry for entry in seen.entries() if is_below(entry.path, under)]
    except NotFound:
        return []


def _copy(
    session: Session,
    request: DataCheckoutRequest,
    place: Place,
    under: str,
    files: list[FileEntry],
    cache: DvcCache,
) -> tuple[list[str], list[str]]:
    """Plain copies: of a folder its contents, of a file the file."""
    base = Path(str(request.to))
    single = len(files) == 1 and files[0].path == under
    name = Path(files[0].path or place.path).name
    targets = {
        base / (name if single else entry.path[len(under) :].lstrip("/")): entry.md5 for entry in files
    }
    missing = {}
    for target, md5 in targets.items():
        if not os.path.lexists(target):
            missing[target] = md5
        elif target.is_symlink() or not target.is_file() or read_file(target).hashes.md5 != md5:
            if not request.force:
                raise AlreadyExists(f"{target} exists already and is another file", path=str(target))
            missing[target] = md5
    for done, (target, md5) in enumerate(missing.items(), 1):
        if not request.dry_run:
            cache.restore(md5, target)
            session.report(Event(step=f"copy to {base}", done=done, total=len(missing), unit="files"))
    return sorted(map(str, missing)), []


def _told(session: Session, place: Place, pointer: Pointer) -> tuple[str, ...]:
    part = part_of(session, place)
    whole = part.whole if isinstance(part, Part) else place
    now = pointer_of(session, place)
    if now is None or now.md5 == pointer.md5:
        return ()
    text = f"the pointer of {whole.path} is as it was: `mlctl data status` says modified, "
    return (f"{text}`mlctl data add {whole.path}` makes a version of it",)


def _normal(path: str | None) -> str:
    plain = (path or "").strip("/")
    if any(part in {"", ".", ".."} for part in plain.split("/")) and plain:
        raise UsageError(f"{path!r} is no path inside a dataset", "mlctl data checkout --help")
    return plain


def _joined(folder: str, relative: str) -> str:
    return f"{folder}/{relative}" if relative else folder

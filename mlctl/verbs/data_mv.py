"""`mlctl data mv`: move data in the work tree, with pointer, ignore line and a version that says where.

Order: ignore line and pointer at the new place, the data by one rename, the old pointer and its ignore line,
the version. Killed in between, the same command finishes it; the data are at one of both places all the time.
"""

import errno
import os
from pathlib import Path

import msgspec

from mlctl.datasets.imports import known_import
from mlctl.datasets.numbering import give_number
from mlctl.datasets.stat_memory import remember_move
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import AlreadyExists, NotFound, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_mv import DataMvRequest, DataMvResult
from mlctl.project.places import Place, named_or_at, path_inside
from mlctl.project.session import Session
from mlctl.project.versions import newest, with_bytes
from mlctl.workspace.dvc_files import (
    Pointer,
    ignore_in_git,
    pointer_path,
    read_pointer,
    read_settings,
    renamed_pointer,
    unignore_in_git,
)
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.dvc_owners import foreign_owner
from mlctl.workspace.files import flush_folder, said, write_whole
from mlctl.workspace.git_tree import stage, stage_removed, top
from mlctl.workspace.import_pointer import write_import


class _Move(msgspec.Struct, frozen=True, kw_only=True):
    """A move that can be made.

    Attributes:
        pointer: to the data, as it is named at the old place.
    """

    place: Place
    new: str
    pointer: Pointer


def data_mv(session: Session, request: DataMvRequest) -> Outcome[DataMvResult]:
    """Move; a second time is unchanged."""
    try:
        place = named_or_at(session, request.old)
    except NotFound:
        done = _moved_already(session, request)
        if done is None:
            raise
        return Outcome(data=done)
    new = _target(session, place, request.new)
    if new == place.path:
        last = newest(session, place.name)
        return Outcome(data=_result(place, new, last.number if last else None, (), ()))
    move = _checked(session, place, new)
    with dvc_lock(session.root, [session.root / place.path, session.root / new]):
        written, removed = _planned(session, move) if request.dry_run else _carry_out(session, move)
    number = None if request.dry_run else _number(session, move)
    declared = f'mlctl.toml declares {place.path}: set path = "{new}" in [data.{place.name}]'
    return Outcome(
        data=_result(place, new, number, written, removed, changed=True),
        warnings=(declared,) if place.spec else (),
    )


def _result(
    place: Place,
    new: str,
    number: int | None,
    written: tuple[str, ...],
    removed: tuple[str, ...],
    *,
    changed: bool = False,
) -> DataMvResult:
    return DataMvResult(
        name=place.name,
        old=place.path,
        new=new,
        version=number,
        written=written,
        removed=removed,
        changed=changed,
    )


def _moved_already(session: Session, request: DataMvRequest) -> DataMvResult | None:
    """The answer, where an earlier command has moved what was at the old path to the new one."""
    try:
        old, place = path_inside(session, request.old), named_or_at(session, request.new)
    except (NotFound, UsageError):
        return None
    last = newest(session, place.name)
    if last is None or last.version.parent is None or last.version.path != place.path:
        return None
    before = session.repository.facts.get(DatasetVersion, last.version.parent)
    if before.path != old or before.md5 != last.version.md5:
        return None
    moved = msgspec.structs.replace(place, path=old)
    return _result(moved, place.path, last.number, (), ())


def _target(session: Session, place: Place, typed: str) -> str:
    path = Path(typed)
    into = typed.endswith(("/", os.sep)) or (path.is_dir() and not pointer_path(path).exists())
    if into and path.resolve() != (session.root / place.path).resolve():
        path /= Path(place.path).name
    return path_inside(session, str(path))


def _checked(session: Session, place: Place, new: str) -> _Move:
    """The move, if nothing is in its way; what an earlier one that was killed has left is not.

    Raises:
        NotFound: there is no pointer at the old place. AlreadyExists: something is at the new one.
        UsageError: into itself, or the pointer is dvc's to write.
    """
    root = session.root
    owner = foreign_owner(root, place.path)
    if owner is not None:
        raise owner.refusal("it cannot be moved here")
    if new.startswith(f"{place.path}/"):
        raise UsageError(f"{place.path} cannot be moved into itself ({new})", "mlctl data mv --help")
    old_pointer, new_pointer = (read_pointer(pointer_path(root / path)) for path in (place.path, new))
    pointer = old_pointer or new_pointer
    if pointer is None:
        raise NotFound(
            f"{place.path} has no pointer: it is not tracked", f"mlctl data add {place.path}", path=place.path
        )
    begun = new_pointer is not None and new_pointer.md5 == pointer.md5
    if (new_pointer is not None and not begun) or (
        os.path.lexists(root / new) and not (begun and not os.path.lexists(root / place.path))
    ):
        raise AlreadyExists(f"{new} exists already", f"mlctl data status {place.name}", path=new)
    return _Move(place=place, new=new, pointer=pointer)


def _planned(session: Session, move: _Move) -> tuple[tuple[str, ...], tuple[str, ...]]:
    new, old = (pointer_path(session.root / path) for path in (move.new, move.place.path))
    return (_relative(session, new),), (_relative(session, old),)


def _carry_out(session: Session, move: _Move) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files beside the data that were written, and those that were removed."""
    root = session.root
    old, new = root / move.place.path, root / move.new
    imported = known_import(session, move.place)
    written, removed = [], []
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        if top(root) and (ignore := ignore_in_git(new)):
            written.append(ignore)
        pointer = msgspec.structs.replace(move.pointer, path=new.name)
        if imported is not None:
            write_import(pointer_path(new), pointer, imported.source, imported.lock)
        elif pointer_path(old).exists():
            text = pointer_path(old).read_text(encoding="utf-8")
            write_whole(pointer_path(new), renamed_pointer(text, pointer).encode("utf-8"))
        written.append(pointer_path(new))
        if os.path.lexists(old):
            _rename(old, new)
            remember_move(session, move.place.path, move.new)
        if pointer_path(old).exists():
            if read_settings(root).autostage:
                stage_removed(root, [_relative(session, pointer_path(old))])
            pointer_path(old).unlink()
            removed.append(pointer_path(old))
        if top(root) and (ignore := unignore_in_git(old)):
            (written if ignore.exists() else removed).append(ignore)
    except OSError as error:
        raise said(error) from error
    files = tuple(sorted({_relative(session, path) for path in written}))
    if read_settings(root).autostage:
        stage(root, files)
    return files, tuple(sorted(_relative(session, path) for path in removed))


def _rename(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise UsageError(f"{new} is on another disk than {old}: copy and add it there") from error
        raise
    flush_folder(new.parent)
    flush_folder(old.parent)


def _number(session: Session, move: _Move) -> int | None:
    """The version that says where the data are now; None where they have none at all."""
    read = move.place.spec.read if move.place.spec else None
    held = with_bytes(session, move.place.name, move.pointer.md5, read)
    if held is None or held.version.path == move.new:
        return held.number if held else None
    last = newest(session, move.place.name) or held
    moved = msgspec.structs.replace(held.version, path=move.new, created_at=session.now(), parent=last.digest)
    return give_number(session, session.repository.facts.add(moved), kind="data mv").number


def _relative(session: Session, path: Path) -> str:
    return path.relative_to(session.root).as_posix()

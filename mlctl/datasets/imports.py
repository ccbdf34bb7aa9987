"""Imported datasets: what their pointers say of the source, and bringing them to the source's state.

Order of writing: bytes (flushed), the fact, the decision that numbers it, the work tree, the pointer, its
source. Killed anywhere, the same command finishes it.
"""

from pathlib import Path
from typing import Any

import msgspec

from mlctl.datasets.bringing import bring
from mlctl.datasets.brought import Brought
from mlctl.datasets.intake import look, take_in
from mlctl.datasets.numbering import give_number
from mlctl.datasets.whole_checkout import wanted_by, whole_checkout
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, NotFound, UsageError, WorkspaceDirty
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.imported import Imported, Lock, Source, is_same_state
from mlctl.domain.records import encode
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, held_bytes, newest, origin_of, with_bytes
from mlctl.tabular.profile import profile_of
from mlctl.tabular.read import FORMATS, read_bytes
from mlctl.tabular.schema import columns_of
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import Pointer, ignore_in_git, pointer_path, read_pointer, read_settings
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.git_tree import stage, top
from mlctl.workspace.import_pointer import read_source, write_import


class Renewed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an imported dataset.

    Attributes:
        new: whether this made the version.
        files: what was written in the work tree.
    """

    numbered: Numbered
    new: bool
    lock: Lock
    files: tuple[str, ...]


def known_import(session: Session, place: Place) -> Imported | None:
    """Where the data at a place come from, and the state that they have; None where they were not imported.

    The pointer says it, of this branch. Where it was about to be written when its writer was killed, the
    version whose bytes it names does. The version knows more of the state than DVC's format holds.
    """
    target = session.root / place.path
    pointed = read_source(pointer_path(target))
    held = pointed_version(session, place)
    recorded = imported_of(held.version) if held is not None else None
    if pointed is None:
        return recorded
    source, lock = pointed
    if recorded is None or recorded.source != source:
        return Imported(source=source, lock=lock)
    promised = lock.sha256 or recorded.lock.sha256
    state = recorded.lock if is_same_state(recorded.lock, lock) is not False else lock
    return Imported(source=source, lock=msgspec.structs.replace(state, sha256=promised))


def pointed_version(session: Session, place: Place) -> Numbered | None:
    """The version that the pointer names; without one the newest, if it was imported to this place."""
    pointer = read_pointer(pointer_path(session.root / place.path))
    if pointer is not None:
        return with_bytes(session, place.name, pointer.md5, place.spec.read if place.spec else None)
    last = newest(session, place.name)
    if last is None or last.version.path != place.path or imported_of(last.version) is None:
        return None
    return last


def imported_of(version: DatasetVersion) -> Imported | None:
    """What a version's origin says of an import."""
    if "import" not in version.origin:
        return None
    return msgspec.convert(version.origin["import"], Imported)


def is_complete(session: Session, place: Place) -> bool:
    """Whether pointer, version and work tree are there: an unchanged source then leaves nothing to do."""
    target = session.root / place.path
    return (
        target.exists()
        and read_source(pointer_path(target)) is not None
        and pointed_version(session, place) is not None
    )


def renew(
    session: Session,
    place: Place,
    imported: Imported,
    *,
    typed: str,
    kind: str,
) -> Renewed:
    """Bring a dataset to a state of its source.

    Args:
        session: of the project.
        place: where it belongs.
        imported: the source and the state that is wanted; its `sha256` is what the bytes must have.
        typed: its URL with the credentials that the record leaves out.
        kind: of the decision.

    Raises:
        WorkspaceDirty: the work tree holds something else than its pointer says.
        Corrupt: the sha256 is another one; nothing has changed.
        NotFound, Unreachable, Denied, ...: as `bringing.bring`.
    """
    refuse_changed(session, place)
    _keep_what_stands(session, place)
    cache = DvcCache.of(read_settings(session.root))
    brought = bring(session, imported.source, typed, imported.lock, cache)
    promised = imported.lock.sha256
    if promised is not None:
        _check(session, place, imported.source, brought, promised)
    cache.flush()
    lock = msgspec.structs.replace(brought.lock, sha256=promised)
    now = Imported(source=imported.source, lock=lock)
    held = with_bytes(session, place.name, brought.md5, place.spec.read if place.spec else None)
    numbered = held or give_number(session, _fact(session, place, brought, now, cache), kind=kind)
    request = DataCheckoutRequest(dataset=f"{place.name}@{numbered.number}")
    checked_out = whole_checkout(session, wanted_by(session, request), request).data.datasets[0]
    files = (*checked_out.written, *checked_out.removed)
    with dvc_lock(session.root, [session.root / place.path]):
        held_now = read_pointer(pointer_path(session.root / place.path))
        pointer = say_source(session, place, held_now, now) if held_now is not None else ()
    return Renewed(
        numbered=numbered,
        new=held is None,
        lock=lock,
        files=tuple(sorted({*files, *pointer})),
    )


def say_source(session: Session, place: Place, pointer: Pointer, imported: Imported) -> tuple[str, ...]:
    """Write pointer (the source in it) and ignore line, as `intake.point`; the files that changed.

    The caller holds DVC's lock.
    """
    target = session.root / place.path
    changed = [ignore] if top(session.root) and (ignore := ignore_in_git(target)) else []
    if write_import(pointer_path(target), pointer, imported.source, imported.lock):
        changed.append(pointer_path(target))
    files = tuple(sorted(path.relative_to(session.root).as_posix() for path in changed))
    if files and read_settings(session.root).autostage:
        stage(session.root, files)
    return files


def refuse_changed(session: Session, place: Place) -> None:
    """Nothing, where the pointer or a version holds all bytes that stand there.

    Raises:
        WorkspaceDirty: some would be lost.
    """
    target = session.root / place.path
    if not target.exists():
        return
    try:
        seen = look(session, place)
    except NotFound:  # an empty folder
        return
    pointer = read_pointer(pointer_path(target))
    if pointer is not None and seen.md5 == pointer.md5:
        return
    held = held_bytes(session, place.name)
    if all(entry.md5 in held for entry in seen.entries()):
        return  # a version, or what a killed update has written of it
    raise WorkspaceDirty(
        f"{place.path} has been changed since it was imported",
        f"mlctl data diff {place.name}",
        f"mlctl data checkout {place.name} --force",
        paths=[place.path],
    )


def _keep_what_stands(session: Session, place: Place) -> None:
    """Data that dvc has imported, and that have no version here, get one before they are replaced."""
    target = session.root / place.path
    pointer = read_pointer(pointer_path(target))
    if target.exists() and pointer is not None and pointed_version(session, place) is None:
        take_in(session, place)


def _check(session: Session, place: Place, source: Source, brought: Brought, promised: str) -> None:
    if brought.is_folder:
        raise UsageError(f"{source.label} is a folder, and --sha256 is of a file", "mlctl data import --help")
    found = brought.files[0].sha256
    if found == promised:
        return
    known = pointer_path(session.root / place.path).exists()
    raise Corrupt(
        f"{source.label} has the sha256 {found}, not {promised}, as --sha256 promised: nothing was imported",
        *([f"mlctl data update {place.name} --sha256 {found}"] if known else []),
        sha256=found,
        wanted=promised,
    )


def checked_sha256(typed: str | None, hint: str) -> str | None:
    """A sha256 as typed, in lower case.

    Raises:
        UsageError: it is none.
    """
    if typed is None or is_digest(typed.lower()):
        return typed and typed.lower()
    raise UsageError(f"{typed!r} is no sha256: 64 hexadecimal digits", hint)


def _fact(session: Session, place: Place, brought: Brought, imported: Imported, cache: DvcCache) -> Digest:
    objects = session.repository.objects
    read = place.spec.read if place.spec else None
    table = None
    if not brought.is_folder and (
        place.spec is not None or Path(place.path.removesuffix(".gz")).suffix.lower() in FORMATS
    ):
        table = read_bytes(cache.read(brought.md5), place.path, read)
    before = newest(session, place.name)
    origin: dict[str, Any] = {**origin_of(read), "import": msgspec.to_builtins(imported)}
    return session.repository.facts.add(
        DatasetVersion(
            created_at=session.now(),
            name=place.name,
            path=place.path,
            shape="folder" if brought.is_folder else "file",
            md5=brought.md5,
            sha256=session.repository.manifests.write(brought.files)
            if brought.is_folder
            else brought.files[0].sha256,
            bytes=sum(entry.size for entry in brought.files),
            files=len(brought.files),
            rows=None if table is None else table.num_rows,
            columns=() if table is None else columns_of(table),
            profile=None if table is None else objects.put(encode(profile_of(table))),
            origin=origin,
            parent=before.digest if before else None,
        )
    )

"""Adds a piece to a tracked folder: only the piece is read, the whole gets a version through its manifest.

What else has changed in the folder is not looked at; `data status` tells it, `data add` of the whole takes
it. Order of writing: as `intake`.
"""

from collections.abc import Iterator
from heapq import merge

import msgspec

from mlctl.datasets.intake import Taken, point
from mlctl.datasets.numbering import give_number
from mlctl.datasets.parts import part_of, parts_in
from mlctl.datasets.stat_memory import memory_of, remember_apart
from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.file_changes import is_below
from mlctl.domain.ids import Digest
from mlctl.project.engines import engine
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, newest, origin_of, with_bytes
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_listing import listing_pieces
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.dvc_owners import foreign_owner, pointer_at
from mlctl.workspace.part_snapshot import PartSnapshot
from mlctl.workspace.snapshot import Snapshot, snapshot


def append(session: Session, whole: Place, path: str, *, dry_run: bool) -> list[Taken]:
    """Version the whole with what stands at `path` now, and its declared parts.

    Args:
        session: of the project.
        whole: the tracked folder.
        path: inside it, relative to the project: new, or changed since the version that the pointer names.
        dry_run: only say what would be made.

    Raises:
        UsageError: the pointer is dvc's to write, or names bytes that have no version.
        NotFound, InvalidName, PermissionRefused, DiskFull, Locked: as `intake.take_in`.
    """
    owner = foreign_owner(session.root, whole.path)
    if owner is not None:
        raise owner.refusal(f"{path} would have to be added to it")
    settings = read_settings(session.root)
    with dvc_lock(session.root, [session.root / whole.path]):
        before = _before(session, whole, dry_run=dry_run)
        cache = None if dry_run else DvcCache.of(settings)
        piece = snapshot(
            session.root,
            path,
            memory=memory_of(session),
            cache=cache,
            links=None if cache else settings.cache,
            report=session.report,
        )
        under = path[len(whole.path) + 1 :]
        after = PartSnapshot(whole.path, "", lambda: _together(session, before, under, piece))
        found = with_bytes(session, whole.name, after.md5, whole.spec.read if whole.spec else None)
        if cache is None:
            return [_would(session, whole, after, found)]
        cache.put_pieces(listing_pieces([after.entries()]), after.md5)
        cache.flush()
        remember_apart(session, path)
        digest = found.digest if found else _fact(session, whole, after)
        files = point(session, session.root / whole.path, after.pointer(), settings)
        numbered = found or give_number(session, digest, kind="data add")
    taken = Taken(numbered=numbered, new=found is None, files=files)
    return [taken, *_parts(session, whole, numbered)]


def _before(session: Session, whole: Place, *, dry_run: bool) -> Numbered:
    """The version that the pointer names; one that was killed before it got its number gets it now."""
    pointer = pointer_at(session.root, whole.path)
    read = whole.spec.read if whole.spec else None
    held = with_bytes(session, whole.name, pointer.md5, read) if pointer else None
    if held is not None:
        return held
    known = (
        session.repository.facts.where(DatasetVersion, name=whole.name, md5=pointer.md5) if pointer else []
    )
    for digest, version in reversed(known):
        if version.path == whole.path and not dry_run:
            return give_number(session, digest, kind="data add")
    raise UsageError(
        f"the pointer of {whole.path} names bytes that have no version: add the whole first",
        f"mlctl data add {whole.path}",
        path=whole.path,
    )


def _together(session: Session, before: Numbered, under: str, piece: Snapshot) -> Iterator[FileEntry]:
    old = session.repository.manifests.entries(before.version.sha256)
    kept = (entry for entry in old if not is_below(entry.path, under))
    new = (
        msgspec.structs.replace(entry, path=f"{under}/{entry.path}" if entry.path else under)
        for entry in piece.entries()
    )
    return merge(kept, new, key=lambda entry: entry.path)


def _version(session: Session, whole: Place, after: PartSnapshot, sha256: Digest) -> DatasetVersion:
    last = newest(session, whole.name)
    return DatasetVersion(
        created_at=session.now(),
        name=whole.name,
        path=whole.path,
        shape="folder",
        md5=after.md5,
        sha256=sha256,
        bytes=after.bytes,
        files=after.nfiles,
        origin=origin_of(whole.spec.read if whole.spec else None),
        parent=last.digest if last else None,
    )


def _fact(session: Session, whole: Place, after: PartSnapshot) -> Digest:
    for digest, version in reversed(
        session.repository.facts.where(DatasetVersion, name=whole.name, md5=after.md5)
    ):
        if version.path == whole.path:
            return digest  # one that an undo has withdrawn
    manifest = session.repository.manifests.write(after.entries())
    return session.repository.facts.add(_version(session, whole, after, manifest))


def _would(session: Session, whole: Place, after: PartSnapshot, found: Numbered | None) -> Taken:
    if found is not None:
        return Taken(numbered=found, new=False)
    number = session.repository.decisions.names().next_number(f"datasets/{whole.name}")
    version = _version(session, whole, after, Digest(""))
    pointer = f"{whole.path}.dvc"
    return Taken(
        numbered=Numbered(number=number, digest=Digest(""), version=version), new=True, files=(pointer,)
    )


def _parts(session: Session, whole: Place, numbered: Numbered) -> list[Taken]:
    found = []
    for place in parts_in(session, whole):
        part = part_of(session, place)
        if part is not None:
            try:
                found.append(engine("part_intake").derive(session, place, part, numbered))
            except NotFound:
                session.warnings += (f"{place.path} holds no files",)
    return found

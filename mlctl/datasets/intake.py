"""Takes a file or folder of the work tree into the repository: cache, pointer, dataset version.

Order of writing, so that a crash leaves nothing that names what is not there: bytes (one flush), facts,
pointer, decision. Doing it again finishes it.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

import msgspec

from mlctl.datasets.absent_files import refuse_absent
from mlctl.datasets.parts import part_of, pointer_of
from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import UnreadableTable
from mlctl.domain.ids import Digest
from mlctl.domain.spec import ReadSpec
from mlctl.project.engines import engine
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, newest, origin_of, with_bytes
from mlctl.store.evicted import Evicted
from mlctl.workspace.bring_back import bring_back
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import (
    DvcSettings,
    Pointer,
    ignore_in_git,
    pointer_path,
    read_settings,
    write_pointer,
)
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.dvc_owners import foreign_owner, pointer_at
from mlctl.workspace.git_tree import is_tracked, stage, top
from mlctl.workspace.part_snapshot import PartSnapshot
from mlctl.workspace.relying_cache import RelyingCache
from mlctl.workspace.snapshot import Snapshot, snapshot

_ANY_TEXT = (".txt", ".txt.gz", ".data", ".data.gz")  # a table, or anything else
_CLASHES = 3  # shown
_LINKS = {"hardlink", "symlink"}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one place.

    Attributes:
        new: whether this made the version.
        files: pointer and ignore files that were written.
    """

    numbered: Numbered
    new: bool
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def look(
    session: Session, place: Place, cache: DvcCache | None = None, *, note_read: bool = False
) -> Snapshot:
    """What stands at a place; with a cache, brought in there. Of a part, the whole is looked at."""
    part = part_of(session, place)
    if part is not None:
        whole = look(session, part.whole, cache, note_read=note_read)
        return PartSnapshot(place.path, part.under, whole.entries)
    return snapshot(
        session.root,
        place.path,
        memory=memory_of(session),
        cache=cache,
        links=None if cache else read_settings(session.root).cache,
        note_read=note_read,
        report=session.report,
    )


def take_in(session: Session, place: Place, *, force: bool = False) -> Taken:
    """Version what stands at a place; nothing is done where that has been done.

    Args:
        session: of the project.
        place: what to version.
        force: also where that leaves out files of the pointer's version that have never been here.

    Raises:
        NotFound, UsageError, InvalidName, PermissionRefused, DiskFull: as the scan and the cache.
        UnreadableTable: mlctl.toml or its name says that it is a table, and it isn't.
        WorkspaceDirty: as `absent_files.refuse_absent`.
        Locked: dvc is at work here.
    """
    part = part_of(session, place)
    if part is not None:
        return cast("Taken", engine("part_intake").take_part(session, place, part, force=force))
    settings = read_settings(session.root)
    target = session.root / place.path
    table: Any | None = None
    why: tuple[str, ...] = ()
    with dvc_lock(session.root, [target]):
        evicted = Evicted(session.repository.layout, session.repository.files).where()
        cache = RelyingCache(settings, evicted)
        _take_over(session, place, cache)
        linked = settings.links[0] in _LINKS
        seen = _without(session, place, cache) or look(session, place, cache, note_read=linked)
        _check_owner(session, place, seen)
        if not force:
            refuse_absent(session, place, seen, cache)
        cache.flush()
        if linked:
            _link(session, place, seen, settings)
        found = with_bytes(session, place.name, seen.md5, _read(place))
        if found is None and is_table(place, seen):
            if not cache.holds(seen.md5):
                look(session, place, DvcCache.of(settings))
            table, why = _table(place, cache.read(seen.md5))
        digest = Digest("") if found else _fact(session, place, seen, table)
        files = point(session, target, seen.pointer(), settings)
        new = found is None
        found = found or engine("numbering").give_number(session, digest, kind="data add")
    warnings = (*why, *_clashes(place, seen), *_warnings(session, place, found, table)) if new else ()
    return Taken(numbered=found, new=new, files=files, warnings=warnings)


def _without(session: Session, place: Place, cache: RelyingCache) -> Snapshot | None:
    """What stands there, where nothing of it need come into the cache; None otherwise.

    Asked only where something was sent away: what has to be read is read twice then, and not kept twice.
    """
    if cache.is_complete:
        return None
    seen = look(session, place)
    return seen if cache.has(seen.md5) and all(cache.has(entry.md5) for entry in seen.entries()) else None


def _link(session: Session, place: Place, seen: Snapshot, settings: DvcSettings) -> None:
    """Put links into the cache where the files were that it has taken in, as dvc does with this setting."""
    bring_back(
        session.root,
        [(md5, path, stamp, "") for md5, path, stamp in seen.read],
        settings,
        count=len(seen.read),
        memory=memory_of(session),
        whole=None,
        step=f"link {place.path}",
        report=session.report,
    )


def _table(place: Place, data: bytes) -> tuple[Any | None, tuple[str, ...]]:
    """The table that these bytes are; of a text that nobody has declared one, None and why it is none."""
    try:
        return engine("intake_tables").table_of(place, data), ()
    except UnreadableTable as error:
        if place.spec is not None or not place.path.endswith(_ANY_TEXT):
            raise
        return None, (f"{place.path} is versioned without schema and profile: {error.message}",)


def _take_over(session: Session, place: Place, cache: DvcCache) -> None:
    """Learn the hashes of data that dvc has put into the cache, so that they need not be copied there."""
    pointer = pointer_at(session.root, place.path)
    if pointer is None or not cache.has(pointer.md5):
        return
    if not session.repository.facts.where(DatasetVersion, name=place.name, md5=pointer.md5):
        look(session, place)


def _check_owner(session: Session, place: Place, seen: Snapshot) -> None:
    """Refuse data whose pointer only dvc writes, where it would have to be written.

    Raises:
        UsageError: it differs from what a stage or another `.dvc` file says, or is part of what one keeps.
    """
    for parent in PurePosixPath(place.path).parents[:-1]:
        whole = foreign_owner(session.root, str(parent))
        if whole is not None:
            raise whole.refusal(f"{place.path} is part of it")
    owner = foreign_owner(session.root, place.path)
    if owner is not None and owner.pointer.md5 != seen.md5:
        raise owner.refusal(f"it differs from what {owner.file} says")


def would_take(session: Session, place: Place, *, force: bool = False) -> Taken:
    """What `take_in` would do, without doing it; a new version has number and digest of nothing yet."""
    seen = look(session, place)
    _check_owner(session, place, seen)
    if not force:
        refuse_absent(session, place, seen, DvcCache.of(read_settings(session.root)))
    found = with_bytes(session, place.name, seen.md5, _read(place))
    pointer = pointer_path(session.root / place.path)
    stands = pointer_of(session, place) == seen.pointer() or part_of(session, place) is not None
    files = () if stands else (pointer.relative_to(session.root).as_posix(),)
    if found is not None:
        return Taken(numbered=found, new=False, files=files)
    version = DatasetVersion(
        created_at=session.now(),
        name=place.name,
        path=place.path,
        shape="folder" if seen.is_folder else "file",
        md5=seen.md5,
        sha256=seen.sha256 or Digest(""),
        bytes=seen.bytes,
        files=seen.nfiles,
    )
    number = session.repository.decisions.names().next_number(f"datasets/{place.name}")
    return Taken(numbered=Numbered(number=number, digest=Digest(""), version=version), new=True, files=files)


def _fact(session: Session, place: Place, seen: Snapshot, table: Any | None) -> Digest:
    """The digest of the version that these bytes are: one that an undo has withdrawn, or a new one."""
    facts = session.repository.facts
    origin = origin_of(_read(place))
    for digest, version in reversed(facts.where(DatasetVersion, name=place.name, md5=seen.md5)):
        if version.origin.get("read") == origin.get("read") and version.path == place.path:
            return digest
    return facts.add(_describe(session, place, seen, table))


def _describe(session: Session, place: Place, seen: Snapshot, table: Any | None) -> DatasetVersion:
    """The version that these bytes would be, a table with its profile."""
    before = newest(session, place.name)
    manifests = session.repository.manifests
    sha256 = seen.sha256 or manifests.join(manifests.put(*chunk) for chunk in seen.chunks())
    return DatasetVersion(
        created_at=session.now(),
        name=place.name,
        path=place.path,
        shape="folder" if seen.is_folder else "file",
        md5=seen.md5,
        sha256=sha256,
        bytes=seen.bytes,
        files=seen.nfiles,
        origin=origin_of(_read(place)),
        parent=before.digest if before else None,
        **({} if table is None else engine("intake_tables").described(session, table)),
    )


def is_table(place: Place, seen: Snapshot) -> bool:
    """Whether it is to be read as a table: any declared file, and files whose names say so."""
    if seen.is_folder:
        return False
    return place.spec is not None or bool(engine("intake_tables").is_format(place.path))


def _read(place: Place) -> ReadSpec | None:
    return place.spec.read if place.spec else None


def point(session: Session, target: Path, pointer: Pointer, settings: DvcSettings) -> tuple[str, ...]:
    """Write the pointer and the ignore line beside the data; the files that changed.

    Data of which a stage or another `.dvc` file speaks gets neither.
    """
    if foreign_owner(session.root, target.relative_to(session.root).as_posix()) is not None:
        return ()
    changed: list[Path] = []
    ignore = ignore_in_git(target) if top(session.root) else None
    if ignore is not None:
        changed.append(ignore)
    if write_pointer(pointer_path(target), pointer):
        changed.append(pointer_path(target))
    files = tuple(sorted(path.relative_to(session.root).as_posix() for path in changed))
    if files and settings.autostage:
        stage(session.root, files)
    return files


def _clashes(place: Place, seen: Snapshot) -> Iterator[str]:
    for one, other in seen.clashes[:_CLASHES]:
        yield f"{place.path}: {one!r} and {other!r} are one name to macOS and Windows: one file is lost there"


def _warnings(session: Session, place: Place, found: Numbered, table: Any | None) -> tuple[str, ...]:
    warnings: list[str] = []
    if is_tracked(session.root, place.path):
        warnings.append(
            f"git tracks {place.path} itself as well; "
            f"`git rm -r --cached {shlex.quote(place.path)}` leaves it to its pointer alone"
        )
    if place.spec is not None and table is not None:
        warnings += engine("intake_tables").failures(place, found.label, table)
    return tuple(warnings)

"""Restores whole datasets in the work tree from their cached bytes, or from their remote's.

Bytes that neither cache nor remote would hold afterwards are not overwritten without `force`. The pointer is
written last: a checkout that was killed is simply run again.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from mlctl.datasets.intake import look, point
from mlctl.datasets.parts import part_of, pointer_of
from mlctl.datasets.restoring import fetch, refuse_loss
from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_checkout import DataCheckoutRequest, DataCheckoutResult, Restored
from mlctl.domain.selector import parse
from mlctl.project.engines import engine
from mlctl.project.places import Place, known_places, place_named
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import newest, versions_of
from mlctl.store.evicted import Evicted
from mlctl.workspace.bring_back import Piece, bring_back
from mlctl.workspace.cache_trust import are_cached
from mlctl.workspace.dvc_cache import DvcCache, discard
from mlctl.workspace.dvc_files import DvcSettings, Pointer, read_settings
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.dvc_owners import foreign_owner, pointer_at
from mlctl.workspace.snapshot import Snapshot


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a place is to hold; the digest of the version's manifest, or sha256 of its file, where known."""

    place: Place
    pointer: Pointer
    version: int | None
    sha256: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to happen: pieces to write, paths to remove, md5 fetched; `fresh`: nothing is there.

    `write` is None for all of a folder that is known to be in the cache: it is listed while it is written.
    """

    write: tuple[Piece, ...] | None
    remove: tuple[str, ...]
    fetched: int = 0
    fresh: bool = False


def whole_checkout(
    session: Session, wanted: Sequence[Wanted], request: DataCheckoutRequest
) -> Outcome[DataCheckoutResult]:
    """Make the work tree hold what is wanted.

    Args:
        session: of the project.
        wanted: what `wanted_by` has found.
        request: `force` and `dry_run` count, and the dataset that was typed in what is said.

    Raises:
        WorkspaceDirty: bytes would be lost.
        NotFound, Incomplete, Unreachable, Denied: bytes are missing here and could not be fetched.
    """
    settings = read_settings(session.root)
    cache = DvcCache.of(settings)
    targets = [session.root / one.place.path for one in wanted]
    with dvc_lock(session.root, targets):
        plans = [_plan(session, one, cache, request) for one in wanted]
        restored = []
        for one, plan in zip(wanted, plans, strict=True):
            written = [] if request.dry_run else _carry_out(session, one, plan, settings)
            pointed = [] if request.dry_run else _point(session, one, settings)
            restored.append(
                Restored(
                    name=one.place.name,
                    path=one.place.path,
                    version=one.version,
                    md5=one.pointer.md5,
                    written=tuple(sorted([*(written or (piece[1] for piece in plan.write or ())), *pointed])),
                    removed=plan.remove,
                    fetched=plan.fetched,
                )
            )
    changed = any(one.written or one.removed for one in restored)
    return Outcome(data=DataCheckoutResult(datasets=tuple(restored), changed=changed))


def _point(session: Session, wanted: Wanted, settings: DvcSettings) -> list[str]:
    """Write the pointer; that of an imported version tells the state of its source that it is of."""
    before = pointer_at(session.root, wanted.place.path)
    if wanted.version is not None and (before is None or before.md5 != wanted.pointer.md5):
        version = resolve_dataset(session, f"{wanted.place.name}@{wanted.version}").version
        if "import" in version.origin:
            imports = engine("imports")
            imported = imports.imported_of(version)
            return list(imports.say_source(session, wanted.place, wanted.pointer, imported))
    return list(point(session, session.root / wanted.place.path, wanted.pointer, settings))


def wanted_by(session: Session, request: DataCheckoutRequest) -> list[Wanted]:
    """The dataset that is asked for, or each that has a pointer or a version.

    Raises:
        NotFound, UsageError, ...: it is not there, or has no place in the work tree.
    """
    if request.dataset is not None:
        return [named(session, request.dataset)]
    places = [
        place
        for place in known_places(session)[0]
        if part_of(session, place) is None  # its whole brings it
        and (place.spec is not None or pointer_at(session.root, place.path) is not None)
    ]
    found = [_by_pointer(session, place) for place in places]
    wanted = [one for one in found if one is not None]
    if not wanted:
        raise NotFound("no dataset has a pointer or a version", "mlctl data add")
    return wanted


def named(session: Session, text: str) -> Wanted:
    """What a selector of a dataset version names.

    Raises:
        NotFound, UsageError, ...: it is not there, or has no place in the work tree.
    """
    selector = parse(text)
    plain = selector.number is None and not selector.latest and not selector.moment and not selector.back
    places = {place.name: place for place in known_places(session)[0]} if plain else {}
    if plain and selector.name in places:
        found = _by_pointer(session, places[selector.name])
        if found is not None:
            return found
    version = resolve_dataset(session, text)
    if version.version.path is None:
        raise UsageError(
            f"{version.name} is a frozen dataset: it has no place in the work tree",
            f"mlctl data show {version.name}@{version.number}",
        )
    place = place_named(session, version.name)
    pointer = Pointer(
        path=Path(place.path).name,
        md5=version.version.md5,
        size=version.version.bytes,
        nfiles=version.version.files if version.version.shape == "folder" else None,
    )
    return Wanted(place=place, pointer=pointer, version=version.number, sha256=version.version.sha256)


def _by_pointer(session: Session, place: Place) -> Wanted | None:
    """What the pointer names; where there is none, the newest version."""
    pointer = pointer_of(session, place)
    if pointer is None:
        last = newest(session, place.name)
        return named(session, f"{place.name}@{last.number}") if last else None
    same = [one for one in versions_of(session, place.name) if one.version.md5 == pointer.md5]
    if not same:
        return Wanted(place=place, pointer=pointer, version=None)
    return Wanted(place=place, pointer=pointer, version=same[-1].number, sha256=same[-1].version.sha256)


def _plan(session: Session, wanted: Wanted, cache: DvcCache, request: DataCheckoutRequest) -> Plan:
    """What differs.

    Raises:
        WorkspaceDirty: bytes would be lost.
        NotFound, Incomplete, Unreachable, Denied: bytes are missing here and could not be fetched.
    """
    path = wanted.place.path
    owner = foreign_owner(session.root, path)
    if owner is not None and owner.pointer.md5 != wanted.pointer.md5:
        raise owner.refusal(f"it says that it holds {owner.pointer.md5}, not {wanted.pointer.md5}")
    target = session.root / path
    seen = look(session, wanted.place) if target.exists() and not _is_empty_folder(target) else None
    if seen is not None and seen.md5 == wanted.pointer.md5:
        if not request.dry_run and not _is_evicted(session, seen, cache):
            look(session, wanted.place, cache)  # brings in what the cache has lost and the work tree holds
            cache.flush()
        return Plan(write=(), remove=())
    if seen is None and not request.dry_run and _is_cached(session, wanted, cache):
        return Plan(write=None, remove=(), fresh=True)
    there = {_joined(path, entry.path): entry.md5 for entry in seen.files} if seen else {}
    fetched = 0 if request.dry_run else fetch(session, [(path, wanted.pointer.md5)], cache)
    wants = [*_files(session, wanted, cache)]
    if not request.dry_run:
        fetched += fetch(session, _needed(session, wants, there), cache)
    write = tuple(piece for piece in wants if there.get(piece[1]) != piece[0]) if there else tuple(wants)
    remove = tuple(sorted(set(there) - {piece[1] for piece in wants}))
    lost = [file for file in [*remove, *(piece[1] for piece in write)] if file in there]
    if lost and not request.force:
        again = f" {request.dataset}" if request.dataset else ""
        old = {file: there[file] for file in lost}
        refuse_loss(session, wanted.place, old, f"mlctl data checkout{again}")
    return Plan(write=write, remove=remove, fetched=fetched, fresh=seen is None)


def _needed(session: Session, wants: list[Piece], there: dict[str, str]) -> list[tuple[str, str]]:
    """(path, md5) of what the cache has to hold: not what was evicted and stands in the work tree already."""
    evicted = Evicted(session.repository.layout, session.repository.files).where()
    return [(path, md5) for md5, path, *_rest in wants if md5 not in evicted or there.get(path) != md5]


def _is_cached(session: Session, wanted: Wanted, cache: DvcCache) -> bool:
    """Whether a folder is known to be in the cache whole, without a look at each of its files."""
    manifests = session.repository.manifests
    if not wanted.pointer.is_folder or not wanted.sha256 or not manifests.is_here(wanted.sha256):
        return False
    chunks = manifests.chunks(wanted.sha256)
    return cache.has(wanted.pointer.md5) and are_cached(memory_of(session), wanted.place.path, cache, chunks)


def _files(session: Session, wanted: Wanted, cache: DvcCache) -> Iterator[Piece]:
    """All that is to stand there, ascending by path."""
    path, pointer = wanted.place.path, wanted.pointer
    manifests = session.repository.manifests
    if not pointer.is_folder:
        yield pointer.md5, path, None, wanted.sha256
    elif wanted.sha256 and manifests.is_here(wanted.sha256):
        for entry in manifests.entries(wanted.sha256):
            yield entry.md5, f"{path}/{entry.path}", None, entry.sha256
    else:  # a clone may have the data without the manifest
        for relative, md5 in sorted(cache.listing(pointer.md5)):
            yield md5, f"{path}/{relative}", None, ""


def _carry_out(session: Session, wanted: Wanted, plan: Plan, settings: DvcSettings) -> list[str]:
    """Do it; the paths that were written."""
    target = session.root / wanted.place.path
    if plan.write and wanted.pointer.is_folder and target.is_file():
        discard(session.root, [wanted.place.path])
    discard(session.root, _in_the_way(plan))
    written: list[str] = []

    def noted() -> Iterator[Piece]:
        listed = plan.write if plan.write is not None else _files(session, wanted, DvcCache.of(settings))
        for piece in listed:
            written.append(piece[1])
            yield piece

    bring_back(
        session.root,
        noted(),
        settings,
        count=len(plan.write) if plan.write is not None else wanted.pointer.nfiles or 0,
        memory=memory_of(session),
        whole=(wanted.place.path, wanted.pointer.md5) if plan.fresh and wanted.pointer.is_folder else None,
        step=f"restore {wanted.place.path}",
        report=session.report,
    )
    discard(session.root, plan.remove)
    return written


def _in_the_way(plan: Plan) -> list[str]:
    """Files to remove that stand where a folder has to be, or in a folder where a file has to be."""
    if not plan.remove:
        return []
    files = {piece[1] for piece in plan.write or ()}
    folders = {folder for path in files for folder in _above(path)}
    return [
        path for path in plan.remove if path in folders or any(folder in files for folder in _above(path))
    ]


def _above(path: str) -> list[str]:
    return [path[:at] for at, sign in enumerate(path) if sign == "/"]


def _joined(folder: str, relative: str) -> str:
    return f"{folder}/{relative}" if relative else folder


def _is_evicted(session: Session, seen: Snapshot, cache: DvcCache) -> bool:
    """Whether `data evict` has freed the cache of whatever it lacks of these files: it stays free of them."""
    evicted = Evicted(session.repository.layout, session.repository.files).where()
    return bool(evicted) and all(entry.md5 in evicted or cache.has(entry.md5) for entry in seen.files)


def _is_empty_folder(target: Path) -> bool:
    """Whether it holds no file, however many folders it has."""
    return target.is_dir() and not any(files for _, _, files in os.walk(target))

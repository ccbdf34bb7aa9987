"""Files of a version that are neither in the work tree nor in the cache.

This machine has never had them: `data get` brought others of the same folder. To take them for removed would
make a version without them of what is only a part. What `data evict` has sent away was here.
"""

import msgspec

from mlctl.datasets.parts import pointer_of
from mlctl.domain.errors import Missing, WorkspaceDirty
from mlctl.domain.looks import looked_at
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, with_bytes
from mlctl.store.evicted import Evicted
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import Pointer
from mlctl.workspace.snapshot import Snapshot


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """What is not here.

    Attributes:
        version: that has them, as "digits@1".
        files: how many of them are not here.
        of: how many the version has.
        first: the path of one of them, relative to the dataset.
        alone: whether nothing else differs from the version.
    """

    version: str
    files: int
    of: int
    first: str
    alone: bool

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.files} of the {self.of} files of {self.version} are neither here nor in the cache"


def absent_files(session: Session, place: Place, seen: Snapshot, cache: DvcCache) -> Absent | None:
    """What is not here of the version that a folder's pointer names; None where nothing is absent."""
    pointer = pointer_of(session, place)
    if pointer is None or not seen.is_folder or pointer.md5 == seen.md5 or not pointer.is_folder:
        return None
    held = with_bytes(session, place.name, pointer.md5, place.spec.read if place.spec else None)
    try:
        gone, alone = _by_listing(pointer, seen, cache) if held is None else _by_manifest(session, held, seen)
    except Missing:  # neither manifest nor listing has been brought
        return None
    for path in {cache.path(md5).parent for _, md5 in gone}:
        looked_at(path)
    lacking = set(cache.lacking(md5 for _, md5 in gone))
    evicted = Evicted(session.repository.layout, session.repository.files).where() if lacking else {}
    absent = [path for path, md5 in gone if md5 in lacking and md5 not in evicted]
    if not absent:
        return None
    return Absent(
        version=held.label if held is not None else "its pointer",
        files=len(absent),
        of=pointer.nfiles or 0,
        first=absent[0],
        alone=alone and len(absent) == len(gone),
    )


def _by_manifest(session: Session, held: Numbered, seen: Snapshot) -> tuple[list[tuple[str, str]], bool]:
    """(path, md5) of the version's files that do not stand there, and whether nothing else differs."""
    gone: list[tuple[str, str]] = []
    alone = True
    for old, new in session.repository.manifests.changes_to(held.version.sha256, seen.parts, seen.entries_of):
        if old is not None and new is None:
            gone.append((old.path, old.md5))
        else:
            alone = False
    return gone, alone


def _by_listing(pointer: Pointer, seen: Snapshot, cache: DvcCache) -> tuple[list[tuple[str, str]], bool]:
    """The same where the pointer's bytes have no version here."""
    listed = dict(cache.listing(pointer.md5))
    there = {entry.path: entry.md5 for entry in seen.entries()}
    gone = [(path, md5) for path, md5 in listed.items() if path not in there]
    return gone, all(listed.get(path) == md5 for path, md5 in there.items())


def refuse_absent(session: Session, place: Place, seen: Snapshot, cache: DvcCache) -> None:
    """Nothing, where every file of the pointer's version is here or was removed here.

    Raises:
        WorkspaceDirty: some have never been here.
    """
    absent = absent_files(session, place, seen, cache)
    if absent is not None:
        raise WorkspaceDirty(
            f"{absent.told} ({absent.first}{' …' if absent.files > 1 else ''}); a version of {place.path} "
            "would be without them",
            f"mlctl data checkout {place.name}",
            f"mlctl data add {place.path} --force",
            paths=[place.path],
        )

"""Versions of parts: the whole is added, then the part's version is made of its manifest."""

from typing import Any

import msgspec

from mlctl.datasets.intake import Taken, is_table, look, take_in
from mlctl.datasets.numbering import give_number
from mlctl.datasets.parts import Part, origin_of_part, part_of_version
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.ids import Digest
from mlctl.project.engines import engine
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, newest, origin_of, with_bytes
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_listing import listing_pieces
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.part_snapshot import PartSnapshot


def take_part(session: Session, place: Place, part: Part, *, force: bool = False) -> Taken:
    """Version a part, and its whole first; nothing is done where that has been done.

    Raises:
        NotFound: the whole has nothing there. Else as `intake.take_in`.
    """
    taken = take_in(session, part.whole, force=force)
    made = derive(session, place, part, taken.numbered)
    return msgspec.structs.replace(made, files=taken.files, warnings=(*taken.warnings, *made.warnings))


def derive(session: Session, place: Place, part: Part, whole: Numbered) -> Taken:
    """The version of a part that a version of the whole holds.

    Raises:
        NotFound: it has nothing there. UnreadableTable: it should be a table and isn't.
    """
    seen = part_of_version(session, place, part, whole)
    read = place.spec.read if place.spec else None
    found = with_bytes(session, place.name, seen.md5, read)
    if found is not None:
        return Taken(numbered=found, new=False)
    cache = DvcCache.of(read_settings(session.root))
    with dvc_lock(session.root, [session.root / place.path]):
        if seen.is_folder:
            cache.put_pieces(listing_pieces([seen.entries()]), seen.md5)
            cache.flush()
        table = None
        if is_table(place, seen):
            if not cache.has(seen.md5):  # evicted
                look(session, part.whole, cache)
            table = engine("intake_tables").table_of(place, cache.read(seen.md5))
        numbered = give_number(session, _fact(session, place, part, whole, seen, table), kind="data add")
    warnings = []
    if table is not None:
        warnings = engine("intake_tables").failures(place, numbered.label, table)
    return Taken(numbered=numbered, new=True, warnings=tuple(warnings))


def _fact(
    session: Session, place: Place, part: Part, whole: Numbered, seen: PartSnapshot, table: Any | None
) -> Digest:
    """The digest of the version: one that an undo has withdrawn, or a new one."""
    facts = session.repository.facts
    origin = origin_of(place.spec.read if place.spec else None)
    for digest, version in reversed(facts.where(DatasetVersion, name=place.name, md5=seen.md5)):
        if version.origin.get("read") == origin.get("read") and version.path == place.path:
            return digest
    before = newest(session, place.name)
    return facts.add(
        DatasetVersion(
            created_at=session.now(),
            name=place.name,
            path=place.path,
            shape="folder" if seen.is_folder else "file",
            md5=seen.md5,
            sha256=seen.sha256 or session.repository.manifests.write(seen.entries()),
            bytes=seen.bytes,
            files=seen.nfiles,
            origin={**origin, **origin_of_part(part, whole)},
            parent=before.digest if before else None,
            **({} if table is None else engine("intake_tables").described(session, table)),
        )
    )

"""Datasets that are part of another: `[data.digits] path = "images/train"`, `images` being versioned whole.

A part has no pointer: what the whole's pointer names says what it should hold. Its versions are made of the
whole's manifest, so nothing is read or copied for them, and what changes elsewhere in the whole does not
touch them.
"""

from pathlib import PurePosixPath

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import NotFound
from mlctl.domain.looks import looked_at
from mlctl.project.places import Place, declared_places, places_of
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, with_bytes
from mlctl.workspace.dvc_files import Pointer, pointer_path
from mlctl.workspace.dvc_owners import pointer_at
from mlctl.workspace.part_snapshot import PartSnapshot


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part is.

    Attributes:
        under: its path inside the whole.
    """

    whole: Place
    under: str


def part_of(session: Session, place: Place) -> Part | None:
    """The whole that a declared dataset is part of; None where it is one by itself."""
    if place.spec is None or pointer_path(session.root / place.path).is_file():
        return None
    declared = {one.path: one for one in declared_places(session)}
    for parent in PurePosixPath(place.path).parents[:-1]:
        whole = str(parent)
        looked_at(pointer_path(session.root / whole))
        if whole in declared or pointer_path(session.root / whole).is_file():
            found = declared.get(whole) or places_of(session, [str(session.root / whole)])[0]
            return Part(whole=found, under=place.path[len(whole) + 1 :])
    return None


def parts_in(session: Session, whole: Place) -> list[Place]:
    """The declared datasets that are part of a place, or will be once it is tracked."""
    inside = [place for place in declared_places(session) if place.path.startswith(f"{whole.path}/")]
    return [place for place in inside if not pointer_path(session.root / place.path).is_file()]


def pointer_of(session: Session, place: Place) -> Pointer | None:
    """What a place is to hold: what its pointer says, or for a part that of the whole; None where none does.

    Raises:
        Corrupt, UsageError: as `dvc_owners.owner_of`.
    """
    part = part_of(session, place)
    if part is None:
        return pointer_at(session.root, place.path)
    pointer = pointer_at(session.root, part.whole.path)
    read = part.whole.spec.read if part.whole.spec else None
    whole = with_bytes(session, part.whole.name, pointer.md5, read) if pointer else None
    if whole is None:
        return None
    known = _known(session, place, whole)
    if known is not None:
        count = known.files if known.shape == "folder" else None
        return Pointer(path=PurePosixPath(place.path).name, md5=known.md5, size=known.bytes, nfiles=count)
    try:
        return part_of_version(session, place, part, whole).pointer()
    except NotFound:
        return None


def part_of_version(session: Session, place: Place, part: Part, whole: Numbered) -> PartSnapshot:
    """What a version of the whole holds of a part.

    Raises:
        NotFound: nothing. Missing, Corrupt: its manifest is.
    """
    manifests = session.repository.manifests
    return PartSnapshot(place.path, part.under, lambda: manifests.entries(whole.version.sha256, part.under))


def origin_of_part(part: Part, whole: Numbered) -> dict[str, object]:
    """What a part's version says of the whole that it was first seen in."""
    return {"part": {"of": whole.version.name, "digest": whole.digest, "under": part.under}}


def _known(session: Session, place: Place, whole: Numbered) -> DatasetVersion | None:
    """The part's version that was made of this very version of the whole."""
    for _, version in reversed(session.repository.facts.where(DatasetVersion, name=place.name)):
        if version.origin.get("part", {}).get("digest") == whole.digest and version.path == place.path:
            return version
    return None

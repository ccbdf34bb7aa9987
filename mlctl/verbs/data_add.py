"""`mlctl data add`: version files and folders.

For each place: its bytes go into DVC's cache in one read, a pointer is written beside it, and the dataset
version (schema and profile, where it is a table) gets its number by one decision. A path inside a tracked
folder is appended to it: only that is read.
"""

import os
import shlex
from contextlib import suppress

import msgspec

from mlctl.datasets.intake import Taken, take_in, would_take
from mlctl.datasets.parts import part_of, parts_in
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_add import DataAddRequest, DataAddResult
from mlctl.project.engines import engine
from mlctl.project.places import Place, declared_places, known_places, piece_of, places_of
from mlctl.project.session import Session
from mlctl.project.versions import row_of
from mlctl.workspace.dvc_files import SUFFIX
from mlctl.workspace.dvc_owners import pointer_at


def data_add(session: Session, request: DataAddRequest) -> Outcome[DataAddResult]:
    """Version what the request names, or all data: what is declared and what a DVC pointer names."""
    pieces = [piece for path in request.paths if (piece := piece_of(session, path)) is not None]
    if pieces and request.name is not None:
        raise UsageError(f"{request.paths[0]} is part of {pieces[0][0].name}", "mlctl data add --help")
    whole_paths = tuple(path for path in request.paths if piece_of(session, path) is None)
    rest = msgspec.structs.replace(request, paths=whole_paths)
    places, left_out = _places(session, rest) if whole_paths or not pieces else ([], ())
    for place in places:  # a missing one is told before the first is taken
        if not os.path.lexists(session.root / place.path):
            raise _absent(session, place.path)
    for whole, path in pieces:
        if not os.path.lexists(session.root / path):
            again = f"mlctl data add {shlex.quote(whole.path)}"
            raise NotFound(f"{path} does not exist; where it was removed, add the whole", again, path=path)
    take = would_take if request.dry_run else take_in
    taken = [take(session, place, force=request.force) for place in places]
    for whole, path in pieces:
        taken += engine("appending").append(session, whole, path, dry_run=request.dry_run)
    return Outcome(
        data=DataAddResult(
            datasets=tuple(row_of(one.numbered, session) for one in taken),
            added=tuple(one.numbered.label for one in taken if one.new),
            files=tuple(file for one in taken for file in one.files),
            changed=any(one.new or one.files for one in taken),
        ),
        warnings=(*left_out, *(warning for one in taken for warning in one.warnings)),
        next=_next(session, taken),
    )


def _absent(session: Session, path: str) -> NotFound:
    """The error for a path that is not there, with what stands beside it and is spelt almost so."""
    target = session.root / path
    with suppress(OSError):
        beside = [one.name for one in target.parent.iterdir() if not one.name.endswith(SUFFIX)]
        near = nearest(target.name, sorted(beside))
        if near is not None:
            meant = os.path.relpath(target.with_name(near))
            return NotFound(
                f"{path} does not exist; did you mean {near}?",
                f"mlctl data add {shlex.quote(meant)}",
                path=path,
                nearest=near,
            )
    return NotFound(f"{path} does not exist", "mlctl data status", path=path)


def _places(session: Session, request: DataAddRequest) -> tuple[list[Place], tuple[str, ...]]:
    """What to version, and what of the data known here cannot be."""
    if request.name is not None and len(request.paths) != 1:
        raise UsageError("--name goes with exactly one path", "mlctl data add --help")
    if request.paths:
        return _with_parts(session, places_of(session, request.paths, request.name)), ()
    known, wrong = known_places(session)
    known = [
        place for place in known if place.spec is not None or pointer_at(session.root, place.path) is not None
    ]
    declared = {place.path for place in declared_places(session)}
    there = [place for place in known if place.path in declared or os.path.lexists(session.root / place.path)]
    if not there:
        raise NotFound("mlctl.toml declares no data; name a file or folder", "mlctl data add --help")
    absent = sorted({place.name for place in known} - {place.name for place in there})
    missing = [f"{name} is not in the work tree: `mlctl data checkout {name}` brings it" for name in absent]
    return _with_parts(session, there), (*wrong, *missing)


def _with_parts(session: Session, places: list[Place]) -> list[Place]:
    """Wholes before their parts, and with all declared parts: one version of a whole is one of each part."""
    found: dict[str, Place] = {}
    for place in places:
        part = part_of(session, place)
        whole = part.whole if part is not None else place
        for one in (whole, *parts_in(session, whole)):
            found.setdefault(one.path, one)
    return list(found.values())


def _next(session: Session, taken: list[Taken]) -> tuple[str, ...]:
    try:
        has_model = bool(session.spec.model)
    except NotFound:
        has_model = False
    checks = [f"mlctl data check {one.numbered.version.name}" for one in taken if one.warnings]
    return (*checks, *(["mlctl train"] if has_model and any(one.new for one in taken) else []))

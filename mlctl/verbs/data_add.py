"""`mlctl data add`: version files and folders.

For each place: its bytes go into DVC's cache in one read, a pointer is written beside it, and the dataset
version (schema and profile, where it is a table) gets its number by one decision.
"""

import os

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_add import DataAddRequest, DataAddResult
from mlctl.verbs.intake import Taken, take_in, would_take
from mlctl.verbs.places import Place, declared_places, place_of
from mlctl.verbs.session import Session
from mlctl.verbs.versions import row_of


def data_add(session: Session, request: DataAddRequest) -> Outcome[DataAddResult]:
    """Version what the request names, or all declared data."""
    places = _places(session, request)
    for place in places:  # a missing one is told before the first is taken
        if not os.path.lexists(session.root / place.path):
            raise NotFound(f"{place.path} does not exist", "mlctl data status", path=place.path)
    take = would_take if request.dry_run else take_in
    taken = [take(session, place) for place in places]
    return Outcome(
        data=DataAddResult(
            datasets=tuple(row_of(one.numbered) for one in taken),
            added=tuple(one.numbered.label for one in taken if one.new),
            files=tuple(file for one in taken for file in one.files),
            changed=any(one.new or one.files for one in taken),
        ),
        warnings=tuple(warning for one in taken for warning in one.warnings),
        next=_next(session, taken),
    )


def _places(session: Session, request: DataAddRequest) -> list[Place]:
    if request.name is not None and len(request.paths) != 1:
        raise UsageError("--name goes with exactly one path", "mlctl data add --help")
    if request.paths:
        return [place_of(session, path, request.name) for path in dict.fromkeys(request.paths)]
    places = declared_places(session)
    if not places:
        raise NotFound("mlctl.toml declares no data; name a file or folder", "mlctl data add --help")
    return places


def _next(session: Session, taken: list[Taken]) -> tuple[str, ...]:
    try:
        has_model = bool(session.spec.model)
    except NotFound:
        has_model = False
    checks = [f"mlctl data check {one.numbered.version.name}" for one in taken if one.warnings]
    return (*checks, *(["mlctl train"] if has_model and any(one.new for one in taken) else []))

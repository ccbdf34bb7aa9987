"""`mlctl data update`: ask the sources of imported data whether they have changed, and bring what has."""

from collections.abc import Sequence

import msgspec

from mlctl.datasets.bringing import look_at
from mlctl.datasets.folder_files import between
from mlctl.datasets.imports import checked_sha256, is_complete, known_import, pointed_version, renew
from mlctl.domain.credentials import HIDDEN
from mlctl.domain.errors import Corrupt, Denied, MlctlError, NotFound, Unreachable, UsageError, WorkspaceDirty
from mlctl.domain.file_changes import compare
from mlctl.domain.imported import Imported, Lock, is_same_state
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_update import DataUpdateRequest, DataUpdateResult, Updated
from mlctl.project.places import Place, known_places, place_named
from mlctl.project.session import Session


def data_update(session: Session, request: DataUpdateRequest) -> Outcome[DataUpdateResult]:
    """Ask each source; one that has gone or does not answer is told when the others have been asked.

    Raises:
        NotFound, Unreachable, Denied: of a source; the data that came from it stay as they are.
        WorkspaceDirty: imported data were changed here. UsageError: as the request.
        Corrupt: bytes are not those that `--sha256` has promised; the data here stay as they are.
    """
    found = [(place, known) for place, known in _imports(session, request)]
    if request.rev is not None and (len(found) != 1 or found[0][1].source.path is None):
        raise UsageError(
            "--rev goes with one dataset that comes from a repository", "mlctl data update --help"
        )
    promised = checked_sha256(request.sha256, "mlctl data update --help")
    if promised is not None and len(found) != 1:
        raise UsageError("--sha256 goes with one dataset", "mlctl data update --help")
    updated, failed = [], []
    for place, known in found:
        try:
            updated.append(_updated(session, place, known, request, promised or known.lock.sha256))
        except (NotFound, Unreachable, Denied, WorkspaceDirty, Corrupt) as error:
            failed.append(error)
    if failed:
        raise _told_together(failed, updated)
    return Outcome(
        data=DataUpdateResult(datasets=tuple(updated), changed=any(one.changed for one in updated)),
        next=tuple(
            f"mlctl data show {one.name}@{one.version}"
            for one in updated
            if one.version is not None and one.changed
        ),
    )


def _told_together(failed: Sequence[MlctlError], updated: list[Updated]) -> MlctlError:
    """The first failure, with what all of them say, and what was updated all the same."""
    first = failed[0]
    done = [f"{one.name}@{one.version}" for one in updated if one.changed and one.version is not None]
    told = [error.message for error in failed] + (
        [f"updated all the same: {', '.join(done)}"] if done else []
    )
    hints = dict.fromkeys(hint for error in failed for hint in error.hints)
    return type(first)("\n".join(told), *hints, **{**first.facts, "updated": done})


def _imports(session: Session, request: DataUpdateRequest) -> list[tuple[Place, Imported]]:
    if request.names:
        places = [place_named(session, name) for name in dict.fromkeys(request.names)]
    else:
        places = known_places(session)[0]
    found = [(place, known) for place in places if (known := known_import(session, place)) is not None]
    missing = [place for place in places if request.names and place not in [one for one, _ in found]]
    if missing:
        raise NotFound(
            f"{missing[0].name} was not imported: its pointer names no source",
            f"mlctl data add {missing[0].path}",
            name=missing[0].name,
        )
    if not found:
        raise NotFound("no dataset was imported", "mlctl data import --help")
    return found


def _updated(
    session: Session, place: Place, known: Imported, request: DataUpdateRequest, promised: str | None
) -> Updated:
    source = known.source
    if request.rev is not None:
        source = msgspec.structs.replace(source, rev=request.rev)
    if HIDDEN in source.url:
        raise UsageError(
            f"{source.url} is recorded without its credentials; import it again with them",
            f"mlctl data import URL -o {place.path}",
            url=source.url,
        )
    lock = _asked(session, place, Imported(source=source, lock=known.lock))
    lock = msgspec.structs.replace(lock, sha256=promised)
    same = source == known.source and is_same_state(known.lock, lock) and known.lock.sha256 == promised
    told = Updated(
        name=place.name, path=place.path, source=source, changed=not same, old=known.lock, new=lock
    )
    if same and is_complete(session, place):
        held = pointed_version(session, place)
        number = held.number if held else None
        return msgspec.structs.replace(told, new=known.lock, before=number, version=number)
    if request.dry_run:
        return told
    before = pointed_version(session, place)
    renewed = renew(session, place, Imported(source=source, lock=lock), typed=source.url, kind="data update")
    after = renewed.numbered
    tally = None
    if before is not None:
        tally = compare(between(session, before.version, after.version), limit=0).tally
    return msgspec.structs.replace(
        told,
        changed=True,
        new=renewed.lock,
        before=before.number if before else None,
        version=after.number,
        tally=tally,
        rows_before=before.version.rows if before else None,
        rows=after.version.rows,
        files=renewed.files,
    )


def _asked(session: Session, place: Place, imported: Imported) -> Lock:
    """The state of the source now.

    Raises:
        NotFound: it has gone; the message tells the state that was imported.
    """
    try:
        return look_at(session, imported.source, imported.source.url)
    except NotFound as error:
        raise NotFound(
            f"{error.message}; {place.name} was imported at {imported.lock.told} and stays as it is",
            f"mlctl data show {place.name}",
            **{**error.facts, "name": place.name, "lock": msgspec.to_builtins(imported.lock)},
        ) from error

"""`mlctl data import`: take data in from a URL, a path or another repository, with a lock."""

import os
from pathlib import Path

import msgspec

from mlctl.datasets.bringing import look_at
from mlctl.datasets.imports import checked_sha256, is_complete, known_import, pointed_version, renew
from mlctl.datasets.typed_source import source_of
from mlctl.domain.errors import AlreadyExists
from mlctl.domain.imported import Imported, Source, has_hidden, is_same_state
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_import import DataImportRequest, DataImportResult
from mlctl.project.places import Place, place_of
from mlctl.project.session import Session
from mlctl.project.versions import newest, row_of
from mlctl.workspace.dvc_files import pointer_path


def data_import(session: Session, request: DataImportRequest) -> Outcome[DataImportResult]:
    """Import; where the same source was imported to the same place, only what has changed there."""
    promised = checked_sha256(request.sha256, "mlctl data import --help")
    source = source_of(request.source, request.path, request.rev)
    typed = request.source if has_hidden(source) else source.url
    place = _place(session, request, source)
    known = known_import(session, place)
    if known is None or known.source != source:
        _refuse_existing(session, place, known)
        known = None
    lock = look_at(session, source, typed)
    promised = promised or (known.lock.sha256 if known is not None else None)
    lock = msgspec.structs.replace(lock, sha256=promised)
    unchanged = known is not None and is_same_state(known.lock, lock) and is_complete(session, place)
    unchanged = unchanged and known is not None and known.lock.sha256 == promised
    if request.dry_run or (unchanged and known is not None):
        held = pointed_version(session, place) if unchanged else None
        return Outcome(
            data=DataImportResult(
                name=place.name,
                path=place.path,
                source=source,
                lock=known.lock if unchanged and known is not None else lock,
                dataset=row_of(held, session) if held else None,
                added=None,
                files=(),
                changed=not unchanged,
            )
        )
    renewed = renew(
        session,
        place,
        Imported(source=source, lock=lock),
        typed=typed,
        kind="data import",
    )
    hidden = "the URL is recorded without its credentials: `mlctl data update` takes them from ~/.netrc"
    return Outcome(
        data=DataImportResult(
            name=place.name,
            path=place.path,
            source=source,
            lock=renewed.lock,
            dataset=row_of(renewed.numbered, session),
            added=renewed.numbered.label if renewed.new else None,
            files=renewed.files,
            changed=True,
        ),
        warnings=(hidden,) if has_hidden(source) else (),
        next=(f"mlctl data show {renewed.numbered.label}",),
    )


def _place(session: Session, request: DataImportRequest, source: Source) -> Place:
    """Where to put it; into the folder `output`, if that is one already and is not versioned itself."""
    inside = Path((source.path or source.url).partition("?")[0].rstrip("/")).name
    output = request.output or inside
    if output.endswith(("/", os.sep)) or (
        Path(output).is_dir() and not pointer_path(Path(os.path.normpath(output))).exists()
    ):
        output = str(Path(output) / inside)
    place = place_of(session, output, request.name)
    taken = newest(session, place.name)
    if taken is not None and taken.version.path != place.path:
        raise AlreadyExists(
            f"there is a dataset {place.name} already, at {taken.version.path or 'no place (frozen)'}",
            f"mlctl data import {request.source} --name {place.name}-2",
            name=place.name,
        )
    return place


def _refuse_existing(session: Session, place: Place, known: Imported | None) -> None:
    if known is not None:
        raise AlreadyExists(
            f"{place.path} was imported from {known.source.label}",
            f"mlctl data update {place.name}",
            path=place.path,
        )
    target = session.root / place.path
    if target.exists() or pointer_path(target).exists():
        raise AlreadyExists(
            f"{place.path} exists already; name another place with -o",
            f"mlctl data add {place.path}",
            path=place.path,
        )

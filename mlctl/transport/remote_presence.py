"""Whether a remote has the data of datasets and pipelines: one key each, files only where that is absent.

A listing that is on the remote proves its files, since whoever sends a folder sends its listing last.
"""

from contextlib import closing

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.datasets.provenance import added, person
from mlctl.domain.requests.data_status import DatasetPresence, RemotePresence
from mlctl.project.places import Place
from mlctl.project.remote_stores import open_data_store
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, newest, with_bytes
from mlctl.sharing.presence import there
from mlctl.transport.send_command import send_command
from mlctl.transport.withheld import withheld_in
from mlctl.workspace.commits import last_commit
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import SUFFIX, read_settings
from mlctl.workspace.dvc_owners import PIPELINE, locked_in, owner_of
from mlctl.workspace.pointed_data import NamedData, data_locked_by, data_named_by


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset is now: what its pointer names, else its newest version.

    Attributes:
        manifest: of a folder whose version the log knows.
        pushed: whether its data belong on a remote at all.
        remote: the one that its pointer names; None for the default one.
        stage: whose out it is, where it is no dataset.
    """

    place: Place
    md5: str
    bytes: int
    files: int
    label: str | None
    manifest: str | None
    file: str | None
    pushed: bool
    remote: str | None = None
    stage: str | None = None


class _Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What the remote lacks of a dataset; all of a folder of which nobody here knows the files."""

    files: int
    bytes: int
    here: bool


def remote_presence(session: Session, places: list[Place], *, pipelines: bool = True) -> RemotePresence:
    """Ask the data's remote; of all outs of pipelines, too.

    Raises:
        NotFound: there is no remote. UsageError, NotInstalled: of its configuration.
        Unreachable, Denied: it could not be asked.
    """
    asked = [one for place in places if (one := _asked(session, place)) is not None]
    if pipelines:
        asked += _of_pipelines(session, {place.path for place in places})
    with closing(open_data_store(session)) as store:
        gone = _gone(session, store, [one for one in asked if one.remote is None])
    for name in sorted({one.remote for one in asked if one.remote is not None}):
        with closing(open_data_store(session, name)) as other:
            gone |= _gone(session, other, [one for one in asked if one.remote == name])
    rows = tuple(_row(session, one, gone.get((one.remote, one.md5))) for one in asked)
    return RemotePresence(
        url=store.url, datasets=rows, complete=all(row.state != "incomplete" for row in rows)
    )


def _gone(
    session: Session, store: RemoteStore, asked: list[_Asked]
) -> dict[tuple[str | None, str], _Missing]:
    """What one remote lacks, by its name and the md5 of the data."""
    cache = DvcCache(read_settings(session.root).cache)
    found = there(store, (one.md5 for one in asked if one.pushed))
    lacking = [one for one in asked if one.pushed and not _is_there(one, found)]
    sizes = {one.md5: _files(session, cache, one) for one in lacking}
    found |= _below(store, sizes)
    return {(one.remote, one.md5): _missing(cache, one, sizes[one.md5], found) for one in lacking}


def _of_pipelines(session: Session, known: set[str]) -> list[_Asked]:
    """Outs of stages that are no datasets."""
    found = []
    for one in locked_in(session.root):
        if one.path in known or ".." in one.path.split("/"):
            continue
        named = _named(session, one.file, one.pointer.md5)
        found.append(
            _Asked(
                place=Place(name=str(one.stage), path=one.path),
                md5=one.pointer.md5,
                bytes=one.pointer.size,
                files=1 if one.pointer.nfiles is None else one.pointer.nfiles,
                label=None,
                manifest=None,
                file=one.file,
                pushed=named is not None,
                remote=named.remote if named else None,
                stage=one.stage,
            )
        )
    return found


def _asked(session: Session, place: Place) -> _Asked | None:
    owner = owner_of(session.root, place.path)
    if owner is None:
        last = newest(session, place.name)
        return None if last is None else _of_version(place, last, None, pushed=True)
    pointer = owner.pointer
    named = _named(session, owner.file, pointer.md5)
    pushed, remote = named is not None, named.remote if named else None
    known = with_bytes(session, place.name, pointer.md5, place.spec.read if place.spec else None)
    if known is not None:  # a push carries what the log names, unless its pointer forbids it
        carried = pushed or pointer.md5 not in withheld_in(session, owner.file)
        return _of_version(place, known, owner.file, pushed=carried, remote=remote)
    return _Asked(
        place=place,
        md5=pointer.md5,
        bytes=pointer.size,
        files=1 if pointer.nfiles is None else pointer.nfiles,
        label=None,
        manifest=None,
        file=owner.file,
        pushed=pushed,
        remote=remote,
    )


def _of_version(
    place: Place, known: Numbered, file: str | None, *, pushed: bool, remote: str | None = None
) -> _Asked:
    version = known.version
    return _Asked(
        place=place,
        md5=version.md5,
        bytes=version.bytes,
        files=version.files,
        label=known.label,
        manifest=version.sha256 if version.shape == "folder" else None,
        file=file,
        pushed=pushed,
        remote=remote,
    )


def _named(session: Session, file: str, md5: str) -> NamedData | None:
    """What a pointer or lock says of these data; None where no push carries them.

    These are imports from another repository, and what its pointer or stage says is not to be pushed.
    """
    path = session.root / file
    text = path.read_text(encoding="utf-8")
    if file.endswith(SUFFIX):
        found = data_named_by(text)
    else:
        found = data_locked_by(text, path.with_name(PIPELINE).read_text(encoding="utf-8"))
    return next((one for one in found if one.md5 == md5), None)


def _is_there(one: _Asked, found: dict[str, int]) -> bool:
    size = found.get(one.md5)
    return size is not None and (one.md5.endswith(".dir") or size == one.bytes)


def _files(session: Session, cache: DvcCache, one: _Asked) -> dict[str, int] | None:
    """The files of a folder with their sizes, from the manifest or the listing; None: nobody here knows."""
    if not one.md5.endswith(".dir"):
        return {}
    if one.manifest is not None:
        return {entry.md5: entry.size for entry in session.repository.manifests.entries(one.manifest)}
    if not cache.has(one.md5):
        return None
    names = dict.fromkeys(md5 for _, md5 in cache.listing(one.md5))
    return {md5: cache.path(md5).stat().st_size if cache.has(md5) else 0 for md5 in names}


def _below(store: RemoteStore, sizes: dict[str, dict[str, int] | None]) -> dict[str, int]:
    return there(store, (md5 for files in sizes.values() for md5 in files or ()))


def _missing(cache: DvcCache, one: _Asked, files: dict[str, int] | None, found: dict[str, int]) -> _Missing:
    if files is None:
        return _Missing(files=one.files, bytes=one.bytes, here=False)
    if not one.md5.endswith(".dir"):
        files = {one.md5: one.bytes}
    lacking = {md5: size for md5, size in files.items() if found.get(md5) != size}
    here = all(cache.has(md5) for md5 in (one.md5, *lacking))
    return _Missing(files=len(lacking), bytes=sum(lacking.values()), here=here)


def _row(session: Session, one: _Asked, missing: _Missing | None) -> DatasetPresence:
    if missing is None:
        state = "complete" if one.pushed else "elsewhere"
        return DatasetPresence(
            name=one.place.name,
            path=one.place.path,
            version=one.label,
            state=state,
            files=one.files,
            bytes=one.bytes,
            stage=one.stage,
        )
    known = added(session, one.md5)
    commit = last_commit(session.root, one.file) if known is None and one.file else None
    return DatasetPresence(
        name=one.place.name,
        path=one.place.path,
        version=one.label,
        state="incomplete",
        files=one.files,
        bytes=one.bytes,
        stage=one.stage,
        missing_files=missing.files,
        missing_bytes=missing.bytes,
        here=missing.here,
        added_by=known.by if known else person(commit.author, commit.email) if commit else None,
        added_at=known.at if known else commit.time if commit else None,
        next=send_command(
            session.root, versioned=one.label is not None, given=known is not None and known.given
        ),
    )

"""Data between the cache and the project's remote, as push, pull, checkout and status ask for it.

A ".dir" md5 stands for the listing and its files. What is there is not sent again.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from threading import Lock

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.progress import Event
from mlctl.project.remote_stores import open_data_store
from mlctl.project.session import Session
from mlctl.sharing import transfer
from mlctl.sharing.known import Known
from mlctl.sharing.survey import survey
from mlctl.sharing.transfer import Mended, Moved
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings


def upload_data(session: Session, md5s: Iterable[str], name: str | None = None) -> Moved:
    """Make the remote hold these data; files before the listing that names them.

    Raises:
        NotFound, UsageError, NotInstalled: there is no such remote, or it cannot be opened.
        Missing, Corrupt, Unreachable, Denied, DiskFull: as `sharing.transfer.upload`.
    """
    with closing(open_data_store(session, name)) as store:
        return transfer.upload(
            store, _cache(session), md5s, known_of(session, store), _told(session, "push data")
        )


def mend_data(session: Session, md5s: Iterable[str], *, dry_run: bool = False) -> Mended:
    """Ask the remote for every one of these data, and send what it lacks and is here.

    Raises:
        NotFound, UsageError, NotInstalled: there is no such remote, or it cannot be opened.
        Corrupt, Unreachable, Denied, DiskFull: as `sharing.transfer.mend`.
    """
    told = _told(session, "push data")
    with closing(open_data_store(session)) as store:
        return transfer.mend(store, _cache(session), md5s, known_of(session, store), told, dry_run=dry_run)


def download_data(session: Session, md5s: Iterable[str], name: str | None = None) -> Moved:
    """Make the cache hold these data, verified.

    Raises:
        NotFound, UsageError, NotInstalled: there is no such remote, or it cannot be opened.
        Incomplete, Corrupt, Unreachable, Denied, DiskFull: as `sharing.transfer.download`.
    """
    with closing(open_data_store(session, name)) as store:
        return transfer.download(store, _cache(session), md5s, _told(session, "fetch data"))


def lacking_on_remote(session: Session, md5s: Iterable[str], name: str | None = None) -> set[str]:
    """Those of these data, listings and files, that the remote does not hold.

    A listing that is there proves its files. Of a folder whose listing is neither there nor in the cache only
    the listing itself is named.

    Raises:
        NotFound, UsageError, NotInstalled, Unreachable, Denied: as `upload_data`.
    """
    with closing(open_data_store(session, name)) as store:
        found = survey(store, _cache(session), md5s, known_of(session, store))
        return {*found.files, *found.folders}


def known_of(session: Session, store: RemoteStore) -> Known:
    """What this repository knows of a remote."""
    return Known(session.repository.layout.index, store.url)


def _cache(session: Session) -> DvcCache:
    return DvcCache(read_settings(session.root).cache)


def _told(session: Session, step: str) -> Callable[[int, int], None]:
    files = size = 0
    lock = Lock()  # several threads move files

    def told(more: int, moved: int) -> None:
        nonlocal files, size
        with lock:
            files, size = files + more, size + moved
            session.report(Event(step=step, done=size, unit="bytes"))
            session.report(Event(step=step, done=files, unit="files"))

    return told

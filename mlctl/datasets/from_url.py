"""Files by URL: their state by one request, their bytes resumed where an earlier import broke off."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlctl.contracts import registry
from mlctl.contracts import source as contract
from mlctl.datasets.brought import Brought, brought_file
from mlctl.domain.credentials import strip
from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import Locked
from mlctl.domain.imported import Lock, Source
from mlctl.domain.progress import Event
from mlctl.domain.records import digest_of, encode
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_remotes import read_dvc_remotes


def url_state(session: Session, source: Source, typed: str) -> Lock:
    """What the server tells of the file now; see `bringing.look_at`."""
    plugin: contract.Source = registry.load("sources", source.scheme)
    return _lock(plugin.look(typed, _options(session, source)))


def bring_url(session: Session, source: Source, typed: str, lock: Lock, cache: DvcCache) -> Brought:
    """Fetch the file aside, under a name that says which state of which URL it is, then take it in.

    Raises:
        Locked: another process fetches the same. NotFound, Unreachable, Denied, DiskFull: as the source.
    """
    plugin: contract.Source = registry.load("sources", source.scheme)
    seen = contract.Seen(etag=lock.etag, modified=lock.modified, size=lock.size)
    with _part(cache, source, seen) as part:

        def told(done: int, total: int | None) -> None:
            session.report(Event(step=f"fetch {strip(typed)}", done=done, total=total, unit="bytes"))

        found = plugin.fetch(typed, _options(session, source), part, seen, told)
        reading = cache.take(part)
        part.unlink()
    hashes = reading.hashes
    entry = FileEntry(path="", size=reading.size, md5=hashes.md5, sha256=hashes.sha256)
    now = _lock(found)
    return brought_file(entry, Lock(etag=now.etag, modified=now.modified, size=reading.size))


@contextmanager
def _part(cache: DvcCache, source: Source, seen: contract.Seen) -> Iterator[Path]:
    """The file aside, for this process alone; what is in it stays when the fetch fails."""
    folder = cache.folder / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    path = (
        folder / f"mlctl-import-{digest_of(encode([source.url, seen.etag, seen.modified, seen.size]))[:32]}"
    )
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(f"another process is fetching {source.url}", url=source.url) from None
        if seen.etag is None and seen.modified is None:
            os.ftruncate(handle, 0)  # nothing tells whether what came before is of the same bytes
        yield path
    finally:
        os.close(handle)


def _lock(seen: contract.Seen) -> Lock:
    return Lock(etag=seen.etag, modified=seen.modified, size=seen.size)


def _options(session: Session, source: Source) -> Mapping[str, str]:
    """Those of the DVC remote in the same bucket, if there is one: its endpoint and credentials."""
    if source.scheme != "s3":
        return {}
    bucket = source.url.split("/")[2]
    remotes, default, _ = read_dvc_remotes(session.root)
    fitting = [name for name, remote in remotes.items() if f"{remote.url}/".startswith(f"s3://{bucket}/")]
    chosen = default if default in fitting else next(iter(sorted(fitting)), None)
    return remotes[chosen].options if chosen is not None else {}

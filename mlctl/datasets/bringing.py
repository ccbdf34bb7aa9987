"""Asks sources for their state and brings their bytes into the cache: URLs, paths, other repositories."""

from mlctl.datasets.brought import Brought
from mlctl.datasets.from_path import bring_path, path_state
from mlctl.datasets.from_repository import bring_from_repository, commit_now
from mlctl.datasets.from_url import bring_url, url_state
from mlctl.domain.imported import Lock, Source
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache


def look_at(session: Session, source: Source, typed: str) -> Lock:
    """The state of a source now, asked cheaply.

    Args:
        session: of the project.
        source: as it is recorded.
        typed: its URL with the credentials that the record leaves out.

    Raises:
        NotFound: it is not there (any more). Unreachable, Denied, UsageError, NotInstalled.
    """
    if source.scheme == "git":
        return commit_now(source, typed)
    if source.scheme == "file":
        return path_state(source)
    return url_state(session, source, typed)


def bring(session: Session, source: Source, typed: str, lock: Lock, cache: DvcCache) -> Brought:
    """Bring the bytes of a state into the cache, or those of a later state, which the answer then tells.

    Raises:
        NotFound, Unreachable, Denied, Incomplete, Missing, Corrupt, UsageError, DiskFull, Locked.
    """
    if source.scheme == "git":
        return bring_from_repository(session, source, typed, lock, cache)
    if source.scheme == "file":
        return bring_path(session, source, lock, cache)
    return bring_url(session, source, typed, lock, cache)

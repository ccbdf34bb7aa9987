"""`mlctl pull`: fetch, and bring the data of the work tree."""

import msgspec

from mlctl.domain.requests.fetch import FetchRequest, FetchResult


class PullRequest(FetchRequest, frozen=True, kw_only=True):
    """Fetch, and bring the data."""


class PullResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull has brought.

    Attributes:
        fetched: decisions and facts.
        files: of the work tree that were written or removed.
        kept: datasets that stay as they are; the warnings say why (changed here, unreadable, `push: false`).
    """

    fetched: FetchResult
    files: int = 0
    kept: tuple[str, ...] = ()
    changed: bool = False

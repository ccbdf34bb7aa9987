"""`mlctl pull`: fetch, and bring the data of the work tree."""

import msgspec

from mlctl.domain.requests.fetch import FetchResult


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Pull from the default remote; as `FetchRequest`.

    Attributes:
        folder: where to look for the project.
        everything: also facts that no decision names, and all that an `--only` left out.
        only: selectors; where the repository is made by this, only these are brought.
    """

    folder: str = "."
    everything: bool = False
    only: tuple[str, ...] = ()


class PullResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull has brought.

    Attributes:
        fetched: decisions and facts.
        files: of the work tree that were written or removed.
        kept: datasets whose files were changed here and left alone.
    """

    fetched: FetchResult
    files: int = 0
    kept: tuple[str, ...] = ()
    changed: bool = False

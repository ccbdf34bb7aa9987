"""What was evicted from DVC's cache, and which remote had it then: `.mlctl/evicted.json`.

Written before anything is removed. Disposable: what is fetched, evicted or refused never depends on it. It
lets `fsck` tell bytes that were sent away from bytes that were lost; without it they are reported as missing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from mlctl.domain.records import Record, encode
from mlctl.store.files import Files
from mlctl.store.layout import Layout

NAME = "evicted.json"


class Eviction(Record, frozen=True, kw_only=True):
    """One run of `data evict`.

    Attributes:
        at: RFC 3339 UTC.
        url: of the remote, without credentials.
        md5s: of what it proved to have.
    """

    at: str
    url: str
    md5s: tuple[str, ...]


class Evicted:
    """The record of one repository."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._files = files
        self._path = layout.store / NAME

    def where(self) -> dict[str, str]:
        """md5 to the URL of the remote that had it last; {} where there is no record or it is damaged."""
        return {md5: eviction.url for eviction in self._read() for md5 in eviction.md5s}

    def add(self, at: str, url: str, md5s: Iterable[str], is_back: Callable[[str], bool]) -> None:
        """Note an eviction that is about to begin; flushed when this returns.

        Args:
            at: now.
            url: of the remote.
            md5s: what it has.
            is_back: whether an earlier one is in the cache again, and need not be remembered.
        """
        new = tuple(sorted(md5s))
        fresh = set(new)
        old = [
            Eviction(
                at=one.at,
                url=one.url,
                md5s=tuple(md5 for md5 in one.md5s if md5 not in fresh and not is_back(md5)),
            )
            for one in self._read()
        ]
        kept = [one for one in old if one.md5s]
        self._files.replace(self._path, encode((*kept, Eviction(at=at, url=url, md5s=new))) + b"\n")

    def _read(self) -> tuple[Eviction, ...]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[Eviction, ...])
        except (OSError, msgspec.DecodeError):
            return ()


def evicted_notes(missing: Iterable[str], where: Mapping[str, str]) -> Iterator[str]:
    """One line a remote that has what is missing in the cache because it was evicted."""
    gone = Counter(where[md5] for md5 in missing if md5 in where)
    for url, count in sorted(gone.items()):
        files = f"{count:,} files were" if count > 1 else "1 file was"
        yield f"{files} evicted from the cache: {url} had them then, and `mlctl data checkout` fetches them"

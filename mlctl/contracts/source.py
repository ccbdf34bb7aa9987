"""Sources: where single files are imported from. A plugin is found by the scheme of the URL.

Nothing is tried again by the caller, so a source tries again what may pass, a bounded number of times.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

Told = Callable[[int, int | None], None]
"""Told of the bytes that are there so far, and of how many there will be, if that is known."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of a file's state. Equal and not all None: the bytes have not changed.

    Attributes:
        etag: as told, quotes and all.
        modified: a time as told.
        size: bytes.
    """

    etag: str | None = None
    modified: str | None = None
    size: int | None = None


class Source(Protocol):
    """Looks at and fetches files by URL.

    Attributes:
        schemes: of the URLs that it knows.
    """

    schemes: tuple[str, ...]

    def look(self, url: str, options: Mapping[str, str]) -> Seen:
        """The state of a file, by one small request.

        Args:
            url: may hold credentials; no error message repeats them.
            options: as DVC names those of a remote.

        Raises:
            NotFound: there is no such file (any more). Unreachable, Denied.
            NotInstalled: a library is missing.
        """

    def fetch(self, url: str, options: Mapping[str, str], target: Path, seen: Seen, told: Told) -> Seen:
        """Make `target` hold the file's bytes; the state that they are of.

        What `target` holds before is the beginning of the bytes whose state was `seen`, left by a fetch
        that was cut short; where the file is another one by now, it is fetched from its beginning. What has
        arrived when it fails stays in `target`.

        Raises:
            NotFound, Unreachable, Denied; DiskFull: before the first byte where the size is known.
        """

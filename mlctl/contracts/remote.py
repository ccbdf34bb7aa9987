"""Remotes: dumb stores of bytes under keys. A folder, a bucket or an SFTP server is enough, nothing runs.

A plugin is found by the scheme of the URL. What is stored under which key is no business of a plugin.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """A key that a listing found, and the size of its bytes."""

    key: str
    size: int


Told = Callable[[int], None]
"""Told of so many more bytes that have moved."""


class RemoteStore(Protocol):
    """An open store.

    Keys are relative, with "/", of ASCII letters, digits and "._-/"; a plugin joins them to its URL and never
    leaves it. Every method may be called from several threads at once. A failure that may pass (a time-out, a
    broken connection, 5xx, "slow down") is `Unreachable` at once: whoever calls decides whether to try again.
    Everything but `create` may be tried again without asking what became of the first try.

    Attributes:
        url: without credentials.
        writable: False where only reading is possible; the writing methods then raise Denied.
        parallel: how many calls at once are worth while.
    """

    url: str
    writable: bool
    parallel: int

    def read(self, key: str) -> bytes:
        """The bytes under a key.

        Raises:
            Missing: there is no such key. Unreachable, Denied.
        """

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append the bytes from offset `start` on to the file `target`, which holds `start` bytes so far.

        What has arrived when it fails stays in `target`, so that a later call goes on from there.

        Raises:
            Missing: there is no such key. Unreachable, Denied; DiskFull, PermissionRefused: of the target.
        """

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over the bytes from offset `start` on, piece by piece and in order; nothing is kept of them.

        What was handed over before it failed counts: a later call goes on behind it.

        Raises:
            Missing: there is no such key. Unreachable, Denied; whatever `sink` raises.
        """

    def put(self, key: str, data: bytes) -> None:
        """Make the key hold these bytes. A reader sees the old ones or the new ones, never a part.

        Raises:
            Unreachable, Denied; DiskFull: the store's own disk is full.
        """

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """As `put`, with the bytes of a file of any size, which are not read into memory at once."""

    def create(self, key: str, data: bytes) -> bool:
        """Put if absent: True where this call made the key, False where the key was there and stays as it is.

        Of any number of callers at the same time exactly one is told True.

        Raises:
            Unreachable: with the fact `in_doubt` True where the bytes may have been or may yet be stored; the
                caller reads the key to find out. Denied.
        """

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """The sizes of those of the keys that exist."""

    # A store may also have `md5s(keys) -> dict[str, str]`: the md5 (hexadecimal) that the store itself has
    # computed of the bytes that it holds, for those of the keys for which it did.

    def list(self, prefix: str) -> Iterator[Listed]:
        """All keys that begin with a prefix, which is "" or ends in "/", in order of their UTF-8 bytes."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove what exists of these keys."""

    def close(self) -> None:
        """Give connections back; safe to call twice."""


class Remote(Protocol):
    """Opens stores by URL.

    Attributes:
        schemes: of the URLs that it opens; "file" also stands for a plain path.
    """

    schemes: tuple[str, ...]

    # A remote may also have `options(url) -> frozenset[str] | None`: the names of all options that it takes
    # for a URL, so that a mistyped one is refused when it is configured; None where it cannot say.

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """Open the store at a URL; nothing is asked of it yet.

        Args:
            url: may not hold a password.
            options: as DVC names them in `.dvc/config` (endpointurl, region, profile, access_key_id, user,
                port, keyfile, password, ...); unknown ones are ignored.

        Raises:
            UsageError: the URL or an option makes no sense. NotInstalled: a library is missing.
        """

"""What a remote was last known to hold: listings whose files are all there, and files of their own.

Disposable: it saves requests and proves nothing by itself. Whoever relies on it asks the remote for the
newest line, and forgets all where that is not there (a remote that was emptied, or another at the same URL).
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class Known:
    """One remote's lines in a file, oldest first; every process appends whole lines.

    Args:
        folder: of the indexes.
        url: of the remote.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self._path = folder / "remotes" / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._lines: dict[str, None] | None = None
        self._torn = False

    def __contains__(self, md5: str) -> bool:
        return md5 in self._read()

    def newest(self, among: Iterable[str]) -> str | None:
        """The one of these that was noted last."""
        wanted = set(among)
        return next((md5 for md5 in reversed(self._read()) if md5 in wanted), None)

    def listings(self, most: int) -> list[str]:
        """The newest listings."""
        found = [md5 for md5 in self._read() if md5.endswith(".dir")]
        return found[::-1][:most]

    def note(self, md5s: Iterable[str]) -> None:
        """The remote holds these."""
        lines = self._read()
        new = [md5 for md5 in dict.fromkeys(md5s) if md5 not in lines]
        if not new:
            return
        lines.update(dict.fromkeys(new))
        with suppress(OSError):  # a read-only disk: the next one asks again
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                start = "\n" if self._torn else ""
                os.write(descriptor, (start + "".join(f"{md5}\n" for md5 in new)).encode())
                self._torn = False
            finally:
                os.close(descriptor)

    def forget(self) -> None:
        """Nothing is known any more."""
        self._lines = {}
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, None]:
        if self._lines is None:
            try:
                text = self._path.read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError):
                text = ""
            *lines, rest = text.split("\n")
            self._torn = bool(rest)  # cut off by a crash
            self._lines = dict.fromkeys(lines)
        return self._lines

"""DVC's cache: bytes by md5 under `files/md5/`, read-only, shared with the real dvc.

A file appears in the cache whole or not at all: it is copied into `tmp/` while it is hashed, then renamed.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import Corrupt, Missing, Untrusted
from mlctl.workspace.files import flush_file, flush_folder, said
from mlctl.workspace.scan import CHUNK, Hashes, Reading, read_file, read_once

_CLONE = 0x40049409  # FICLONE of linux/fs.h: share the blocks, copy on write
_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_DAY = 86_400.0
_ONE_BY_ONE = 64  # files
_MODE = 0o444  # DVC trusts a cached file with exactly this mode without hashing it again


class DvcCache:
    """The cache in one folder; made when something is put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clones = True  # until the file system says no
        self._fresh: list[Path] = []
        self._made: set[Path] = set()

    def path(self, md5: str) -> Path:
        """Where the bytes with this md5 are or would be."""
        return self.folder / "files" / "md5" / md5[:2] / md5[2:]

    def has(self, md5: str) -> bool:
        """Whether the bytes are here; their content is not looked at."""
        return self.path(md5).is_file()

    def take(self, source: Path) -> Reading:
        """Hash a file and bring its bytes in, in one read.

        Raises:
            NotFound, PermissionRefused: the file cannot be read.
            DiskFull: nothing was brought in.
        """
        aside = self._aside()
        try:
            reading = read_file(source, lambda file, size: self._copy(file, aside, size))
            self._place(aside, reading.hashes.md5)
        except OSError as error:
            raise said(error) from error
        finally:
            aside.unlink(missing_ok=True)
        return reading

    def put(self, data: bytes, md5: str) -> None:
        """Bring in bytes whose md5 is known (a folder's listing: the md5 has ".dir" at its end)."""
        if self.has(md5):
            return
        aside = self._aside()
        try:
            aside.write_bytes(data)
            self._place(aside, md5)
        except OSError as error:
            raise said(error) from error
        finally:
            aside.unlink(missing_ok=True)

    def flush(self) -> None:
        """Make all that was brought in durable; one flush, whatever the number of files."""
        if len(self._fresh) > _ONE_BY_ONE:
            os.sync()  # 50,000 times fsync would take minutes
        else:
            for path in self._fresh:
                flush_file(path)
                flush_folder(path.parent)
        self._fresh.clear()

    def verified(self, md5: str) -> Path:
        """The file with these bytes, hashed now.

        Raises:
            Missing: it is not here.
            Corrupt: it holds other bytes.
        """
        path = self.path(md5)
        if not path.is_file():
            raise self._missing(md5)
        if read_file(path).hashes.md5 != md5.removesuffix(".dir"):
            raise self._corrupt(md5)
        return path

    def read(self, md5: str) -> bytes:
        """The bytes with this md5, verified.

        Raises:
            Missing: they are not here.
            Corrupt: the file holds other bytes.
        """
        path = self.path(md5)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise self._missing(md5) from None
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5.removesuffix(".dir"):
            raise self._corrupt(md5)
        return data

    def listing(self, md5: str) -> list[tuple[str, str]]:
        """(relative path, md5) of the files of a folder, from its verified listing.

        Raises:
            Missing, Corrupt: the listing is.
        """
        try:
            found = [(str(item["relpath"]), str(item["md5"])) for item in json.loads(self.read(md5))]
        except (ValueError, KeyError, TypeError):
            raise self._corrupt(md5) from None
        for path, name in found:
            if not _stays_inside(path) or _MD5.match(name) is None:
                raise Untrusted(
                    f"{self.path(md5)} lists {path!r} ({name}), which no folder can hold", md5=md5
                )
        return found

    def restore(self, md5: str, target: Path) -> None:
        """Put a verified, writable copy of a file where it belongs: aside first, then renamed.

        Raises:
            Missing, Corrupt: as `verified`.
            DiskFull, PermissionRefused: the target is what it was.
        """
        source, aside = self.verified(md5), self._aside()
        try:
            with source.open("rb") as file, aside.open("xb") as copy:
                if not _cloned(file, copy):
                    shutil.copyfileobj(file, copy, CHUNK)
            aside.chmod(0o644)
            target.parent.mkdir(parents=True, exist_ok=True)
            _rename(aside, target)
        except OSError as error:
            raise said(error) from error
        finally:
            aside.unlink(missing_ok=True)

    def everything(self) -> Iterator[str]:
        """The md5 of all that is here."""
        top = self.folder / "files" / "md5"
        for first in sorted(top.iterdir()) if top.is_dir() else ():
            if len(first.name) == 2 and first.is_dir():  # noqa: PLR2004 - DVC's layout: two digits, then the rest
                yield from (first.name + rest.name for rest in sorted(first.iterdir()))

    def _missing(self, md5: str) -> Missing:
        return Missing(
            f"the cache {self.folder} does not hold {md5}", "dvc pull", md5=md5, path=str(self.path(md5))
        )

    def _corrupt(self, md5: str) -> Corrupt:
        path = self.path(md5)
        return Corrupt(
            f"{path} does not hold the bytes that it is named by", "mlctl fsck", md5=md5, path=str(path)
        )

    def _aside(self) -> Path:
        folder = self.folder / "tmp"
        if folder not in self._made:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _sweep(folder)
            except OSError as error:
                raise said(error) from error
            self._made.add(folder)
        return folder / f"mlctl-{os.getpid()}-{secrets.token_hex(6)}"

    def _copy(self, file: IO[bytes], aside: Path, size: int) -> tuple[Hashes, int]:
        with aside.open("xb") as sink:
            if self._clones and _cloned(file, sink):
                with aside.open(
                    "rb", buffering=0
                ) as still:  # the clone stands still, so that is what is hashed
                    return read_once(still, None, size)
            self._clones = False
            return read_once(file, sink, size)

    def _place(self, aside: Path, md5: str) -> None:
        path = self.path(md5)
        if path.is_file():
            return
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        aside.chmod(_MODE)
        aside.rename(path)
        self._fresh.append(path)


def _stays_inside(path: str) -> bool:
    return bool(path) and "\0" not in path and not any(part in {"", ".", ".."} for part in path.split("/"))


def listing_bytes(entries: Iterable[FileEntry]) -> bytes:
    """A folder's listing as DVC writes it; its md5 (with ".dir") names the folder."""
    items = [
        {"md5": entry.md5, "relpath": entry.path} for entry in sorted(entries, key=lambda entry: entry.path)
    ]
    return json.dumps(items, sort_keys=True).encode()


def discard(root: Path, paths: Iterable[str]) -> None:
    """Remove files (relative to the project) and the folders that this empties."""
    for path in paths:
        target = root / path
        try:
            target.unlink(missing_ok=True)
            for folder in target.parents:
                if folder == root or any(folder.iterdir()):
                    break
                folder.rmdir()
        except OSError as error:
            raise said(error) from error


def _rename(aside: Path, target: Path) -> None:
    try:
        aside.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:  # the cache is on another disk
            shutil.copyfile(aside, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left aside; a day is longer than any copy takes between two writes."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # somebody else sweeps too
            if path.name.startswith("mlctl-") and time.time() - path.stat().st_mtime > _DAY:
                path.unlink()


def _cloned(source: IO[bytes], target: IO[bytes]) -> bool:
    """Whether the file system could share the blocks; most cannot."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target.fileno(), _CLONE, source.fileno())
    except OSError:
        return False
    return True

"""DVC's cache: bytes by md5 under `files/md5/`, read-only, shared with the real dvc.

A file appears in the cache whole or not at all: it is copied into `tmp/` while it is hashed, then renamed.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path

import msgspec

from mlctl.domain.errors import Corrupt, Missing, NotFound, WorkspaceDirty
from mlctl.domain.ids import Digest
from mlctl.workspace.dvc_files import DvcSettings
from mlctl.workspace.dvc_listing import listed
from mlctl.workspace.files import flush_file, flush_folder, said
from mlctl.workspace.hashing import MODE, SMALL, Failed, Stamp, Taken, Taker, is_settled, stamp_of
from mlctl.workspace.restoring import DAMAGED, Restorer
from mlctl.workspace.scan import Hashes, Reading, Row, read_file

PREFIXES = tuple(f"{number:02x}" for number in range(256))
"""Names of the folders of objects."""

VERIFIED = "//cache/"
"""Begins the names under which the stamps of large objects are remembered; no file has such a path."""

LARGE = 8 << 20
"""From this size on, hashing an object again takes longer than looking up its stamp."""

_DAY = 86_400.0
_MINUTE = 60.0
_ONE_BY_ONE = 64  # files
_GROUP = 0o2775  # DVC's, with `cache.shared = group`


class DvcCache:
    """The cache in one folder; made when something is put."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """Name it.

        Args:
            folder: the cache's.
            shared: a group writes to it: folders are made for the group.
        """
        self.folder = folder
        self.folder_mode = _GROUP if shared else 0o777 & ~_umask()
        self._store = f"{folder}/files/md5/"
        self._fresh: list[str] = []
        self._prepared = False
        self.relied = 0  # how often bytes counted as here that are not: see `relying_cache`

    @classmethod
    def of(cls, settings: DvcSettings) -> "DvcCache":
        """The cache of a project."""
        return cls(settings.cache, shared=settings.shared)

    def path(self, md5: str) -> Path:
        """Where the bytes with this md5 are or would be."""
        return self.folder / "files" / "md5" / md5[:2] / md5[2:]

    def has(self, md5: str) -> bool:
        """Whether the bytes are here; their content is not looked at."""
        return os.access(f"{self._store}{md5[:2]}/{md5[2:]}", os.F_OK)

    def folders(self) -> dict[str, Stamp]:
        """The stamps of the 256 folders of objects, by name; those that changed just now are left out.

        A folder that is not there has a stamp of zeros.
        """
        now = time.time_ns()
        found = dict.fromkeys(PREFIXES, (0, 0, 0, 0))
        with contextlib.suppress(FileNotFoundError), os.scandir(self._store) as listed:
            for entry in listed:
                stamp = stamp_of(entry.stat())
                if is_settled(stamp, now):
                    found[entry.name] = stamp
                else:
                    found.pop(entry.name, None)
        return found

    def prepare(self) -> None:
        """Make the folder for files aside, and sweep it.

        Raises:
            PermissionRefused, DiskFull: it cannot be made.
        """
        if self._prepared:
            return
        folder = self.folder / "tmp"
        try:
            for made in (*reversed(folder.parents), folder):
                if not made.exists():
                    made.mkdir(exist_ok=True)
                    made.chmod(self.folder_mode)
            _sweep(folder)
        except OSError as error:
            raise said(error) from error
        self._prepared = True

    def take(self, source: Path) -> Reading:
        """Hash a file and bring its bytes in, in one read.

        Raises:
            NotFound, PermissionRefused: the file cannot be read.
            WorkspaceDirty: it changes all the time.
            DiskFull: nothing was brought in.
        """
        self.prepare()
        taker = Taker(str(source.parent), str(self.folder), self.folder_mode)
        try:
            stamp = stamp_of(source.stat())
            answer = taker.do([(source.name, stamp)])[0]
        except FileNotFoundError:
            raise NotFound(f"{source} does not exist", "mlctl data status", path=str(source)) from None
        finally:
            taker.close()
        md5, sha256, size, seen = taken(answer, source.parent)
        self.took([md5])
        return Reading(Hashes(md5, Digest(sha256)), size, seen)

    def verified_rows(self, md5: str, sha256: str) -> list[Row]:
        """What is to be remembered of a large object whose bytes were verified just now."""
        try:
            stamp = stamp_of(self.path(md5).stat())
        except FileNotFoundError:
            return []
        return [(f"{VERIFIED}{md5}", *stamp, md5, sha256)]

    def took(self, names: Iterable[str]) -> None:
        """Objects with these md5 were brought in by others: they are flushed with the next `flush`."""
        found = iter(names)
        self._fresh += islice(found, max(_ONE_BY_ONE + 1 - len(self._fresh), 0))

    def put(self, data: bytes, md5: str) -> None:
        """Bring in bytes whose md5 is known (a folder's listing: the md5 has ".dir" at its end)."""
        self.put_pieces([data], md5)

    def put_pieces(self, pieces: Iterable[bytes], md5: str | None = None) -> str:
        """Bring in bytes in pieces; their md5, with ".dir" at its end where none is given.

        Raises:
            DiskFull, PermissionRefused: nothing was brought in.
        """
        if md5 is not None and self.has(md5):
            return md5
        self.prepare()
        aside = self._aside()
        hashed = hashlib.md5(usedforsecurity=False)
        try:
            with aside.open("xb") as file:
                for piece in pieces:
                    hashed.update(piece)
                    file.write(piece)
            name = md5 or f"{hashed.hexdigest()}.dir"
            self._place(aside, name)
        except OSError as error:
            raise said(error) from error
        finally:
            aside.unlink(missing_ok=True)
        return name

    def flush(self) -> None:
        """Make all that was brought in durable; one flush, whatever the number of files."""
        if len(self._fresh) > _ONE_BY_ONE:
            import_module("mlctl.workspace.disk").flush_disk(
                self.folder
            )  # 50,000 times fsync would take minutes
        else:
            for path in map(self.path, self._fresh):
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
            Untrusted: it names what no folder can hold.
        """
        data = self.read(md5)
        try:
            return listed(data, str(self.path(md5)))
        except msgspec.DecodeError:
            raise self._corrupt(md5) from None

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Those of many md5 that are not here, each once; their folders are listed once."""
        wanted = dict.fromkeys(names)
        if len(wanted) < _ONE_BY_ONE:
            return [name for name in wanted if not self.has(name)]
        there: dict[str, set[str]] = {}
        for name in wanted:
            if name[:2] not in there:
                there[name[:2]] = _names_in(f"{self._store}{name[:2]}")
        return [name for name in wanted if name[2:] not in there[name[:2]]]

    def restore(self, md5: str, target: Path) -> None:
        """Put a verified, writable copy of a file where it belongs: aside first, then renamed.

        Raises:
            Missing, Corrupt: as `verified`.
            DiskFull, PermissionRefused: the target is what it was.
        """
        self.prepare()
        target.parent.mkdir(parents=True, exist_ok=True)
        restorer = Restorer(str(target.parent), str(self.folder), str(self.folder / "tmp"))
        try:
            self.restored(md5, restorer.do([(md5, target.name)])[0], target.parent)
        finally:
            restorer.close()

    def restored(self, md5: str, answer: Taken | Failed, folder: Path) -> Taken:
        """What a `Restorer` answered.

        Raises:
            Missing, Corrupt: the object is.
            DiskFull, PermissionRefused: as the system said.
        """
        if len(answer) == 4:  # noqa: PLR2004 - a Failed has three
            return answer
        number, name, text = answer
        if number == DAMAGED:
            raise self._corrupt(md5)
        if number == errno.ENOENT and not self.has(md5):
            raise self._missing(md5)
        raise said(OSError(number, text, str(folder / name)))

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
            f"{path} does not hold the bytes that it is named by",
            "mlctl fsck --repair",
            md5=md5,
            path=str(path),
        )

    def _aside(self) -> Path:
        return self.folder / "tmp" / f"mlctl-{os.getpid()}-{os.urandom(6).hex()}"

    def _place(self, aside: Path, md5: str) -> None:
        path = self.path(md5)
        if not path.parent.exists():
            for made in (path.parents[2], path.parents[1], path.parent):
                if not made.exists():
                    made.mkdir(exist_ok=True)
                    made.chmod(self.folder_mode)
        aside.chmod(MODE)
        aside.rename(path)
        self._fresh.append(md5)


def _names_in(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names alone, no Path for each of them
    except FileNotFoundError:
        return set()


def taken(answer: Taken | Failed, folder: Path) -> Taken:
    """What a `Taker` answered for a file of a folder.

    Raises:
        NotFound, PermissionRefused, DiskFull: as the system said.
        WorkspaceDirty: the file changed all the time.
    """
    if len(answer) == 4:  # noqa: PLR2004 - a Failed has three
        return answer
    number, name, text = answer
    path = folder / name
    if number == 0:
        raise WorkspaceDirty(f"{path}: {text}; nothing was added", "mlctl data status", path=str(path))
    if number in {errno.ENOENT, errno.ENOTDIR}:
        raise NotFound(f"{path} went away while it was read", "mlctl data status", path=str(path))
    raise said(OSError(number, text, str(path)))


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


def _sweep(folder: Path) -> None:
    """Remove what killed processes left aside.

    A day is longer than any writer waits between two writes; whoever writes a large file holds a lock on it.
    """
    for path in folder.iterdir():
        if not path.name.startswith("mlctl-"):
            continue
        with contextlib.suppress(OSError):  # somebody else sweeps too, or writes
            status = path.stat()
            age = time.time() - status.st_mtime
            if age > _DAY or (status.st_size > SMALL and age > _MINUTE and _is_free(path)):
                path.unlink()


def _is_free(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""A folder as a remote: on a disk, a mounted share, a stick. Keys are paths below it.

A file appears whole or not at all: it is written aside (in `+tmp/`, which no key can name), flushed, then
renamed or, for `create`, linked. Files are read-only, as DVC keeps them.
"""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlctl.builtin.remotes import known_options
from mlctl.builtin.remotes.arriving import local
from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.errors import Denied, DiskFull, Missing, Unreachable, UsageError
from mlctl.domain.remote import ASIDE, check_key, check_prefix, is_key

_CHUNK = 1 << 22  # bytes
_DAY = 86_400.0  # seconds; no writer takes so long between two writes
_MODE = 0o444
_GONE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


class FolderRemote:
    """Opens folders."""

    schemes = ("file",)

    def options(self, url: str) -> frozenset[str]:
        """The options that it takes."""
        del url
        return known_options.FOLDER

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """The folder at a path or `file://` URL; it is made by the first writing call."""
        del options
        path = url
        if "://" in url:
            parts = urlsplit(url)
            if parts.scheme.lower() != "file" or parts.netloc not in {"", "localhost"}:
                raise UsageError(f"{url} is no folder of this machine: file:///path/to/folder", url=url)
            path = unquote(parts.path)
        return FolderStore(Path(path).expanduser().absolute())


class FolderStore:
    """The store in one folder.

    Attributes:
        folder: where it is; whoever copies many files may do so with the means of the operating system, in
            the way of this class: aside, flushed, renamed.
    """

    writable = True
    parallel = 8

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = str(folder)
        self._made: set[Path] = set()

    def read(self, key: str) -> bytes:
        """The bytes under a key."""
        with self._reading(key):
            return self._path(key).read_bytes()

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append what follows `start`, copied by the kernel where it can."""
        path = self._path(key)
        with (
            self._reading(key),
            path.open("rb", buffering=0) as source,
            local(target),
            target.open("ab", buffering=0) as sink,
        ):
            _copy(source.fileno(), sink.fileno(), start, told)

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over what follows `start`."""
        path = self._path(key)
        with self._reading(key), path.open("rb", buffering=0) as source:
            source.seek(start)
            while data := source.read(_CHUNK):
                sink(data)

    def put(self, key: str, data: bytes) -> None:
        """Write aside, flush, rename."""
        path = self._path(key)
        with self._aside(path) as aside:
            _written(aside, data)
            aside.rename(path)
            _flush_folder(path.parent)

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """As `put`, copied by the kernel where it can."""
        path = self._path(key)
        reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with self._aside(path) as aside:
                descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                try:
                    _copy(reading, descriptor, 0, told)
                    os.fchmod(descriptor, _MODE)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                aside.rename(path)
                _flush_folder(path.parent)
        finally:
            os.close(reading)

    def create(self, key: str, data: bytes) -> bool:
        """Write aside, flush, link: link(2) refuses a name that is there."""
        path = self._path(key)
        with self._aside(path) as aside:
            _written(aside, data)
            try:
                os.link(aside, path)
            except FileExistsError:
                if aside.stat().st_nlink == 1:
                    return False
                # the link was made, and NFS has lost its answer and asked again
            except OSError as error:
                if error.errno in _NO_LINKS and not _may_not_write(path.parent):
                    raise Denied(
                        f"{self.url}: the file system has no hard links, which put-if-absent needs", key=key
                    ) from error
                raise
            _flush_folder(path.parent)
        return True

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """One stat each."""
        found = {}
        for key in keys:
            with self._reading(key), contextlib.suppress(*_GONE):
                status = self._path(key).stat()
                if not os.path.isdir(self._path(key)):  # noqa: PTH112 - of the same path
                    found[key] = status.st_size
        return found

    def list(self, prefix: str) -> Iterator[Listed]:
        """Walk what lies below the prefix."""
        check_prefix(prefix)
        with self._reading(prefix):
            yield from _walk(str(self.folder / prefix), prefix)

    def remove(self, keys: Iterable[str]) -> None:
        """Unlink each; folders stay, a writer may be about to use them."""
        for key in keys:
            with self._writing(key), contextlib.suppress(*_GONE):
                self._path(key).unlink()

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        return self.folder / check_key(key)

    @contextlib.contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except _GONE:
            raise Missing(f"{self.url} does not hold {key}", key=key) from None
        except PermissionError as error:
            raise Denied(f"{self.url}: no permission to read {key}", key=key) from error
        except OSError as error:
            raise Unreachable(f"{self.url}: {key} could not be read: {error.strerror}", key=key) from error

    @contextlib.contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull(f"{self.url}: no space left for {key}", "df -h", url=self.url) from error
            if error.errno in _REFUSED:
                raise Denied(f"{self.url}: {key}: {error.strerror}", url=self.url) from error
            raise Unreachable(f"{self.url}: {key} was not written: {error.strerror}", url=self.url) from error

    @contextlib.contextmanager
    def _aside(self, path: Path) -> Iterator[Path]:
        """A fresh name for a file that will become `path`, gone afterwards; the folders of both are made."""
        folder = self.folder / ASIDE
        aside = folder / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            with self._writing(path.name):
                if folder not in self._made:
                    folder.mkdir(parents=True, exist_ok=True)
                    sweep(folder)
                    self._made.add(folder)
                if path.parent not in self._made:
                    _make(path.parent)
                    self._made.add(path.parent)
                yield aside
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed writers left aside."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # somebody else sweeps too
            if time.time() - path.stat().st_mtime > _DAY:
                path.unlink()


def _written(aside: Path, data: bytes) -> None:
    with aside.open("xb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fchmod(file.fileno(), _MODE)
        os.fsync(file.fileno())


def _copy(source: int, sink: int, start: int, told: Told) -> None:
    """All bytes from `start` on; the kernel copies, and shares blocks, where the file systems let it."""
    offset = start
    while True:
        try:
            moved = os.sendfile(sink, source, offset, _CHUNK)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.EOPNOTSUPP}:
                raise
            data = os.pread(source, _CHUNK, offset)
            moved = os.write(sink, data)
        if not moved:
            return
        offset += moved
        told(moved)


def _make(folder: Path) -> None:
    """Make a folder and those above it, each durable in the one that holds it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _may_not_write(folder: Path) -> bool:
    return not os.access(folder, os.W_OK)


def _walk(folder: str, prefix: str) -> Iterator[Listed]:
    """In order of whole keys: a folder sorts as its name and "/"."""
    try:
        with os.scandir(folder) as found:
            entries = [(f"{e.name}/" if e.is_dir() else e.name, e) for e in found]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, entry in sorted(entries, key=lambda item: item[0]):
        if not is_key(name.removesuffix("/")):
            continue
        if name.endswith("/"):
            yield from _walk(entry.path, prefix + name)
        else:
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                yield Listed(prefix + name, entry.stat().st_size)

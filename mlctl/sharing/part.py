"""One file that comes from a remote into the cache, by way of a file aside that is kept until it is whole."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore, Told
from mlctl.domain.errors import Missing
from mlctl.sharing import keys
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.hashing import MODE

_CHUNK = 1 << 22
_START = "mlctl-part-"  # the cache sweeps what begins so and is a day old


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: its size where it is in the cache now, else why not."""

    size: int | None = None
    missing: bool = False
    damaged: bool = False


def bring(store: RemoteStore, cache: DvcCache, md5: str, told: Told) -> Arrived:
    """Bring one file into the cache, going on from what had arrived before; not flushed.

    Bytes that are not what the name says are thrown away.

    Raises:
        Unreachable, Denied: of the store. DiskFull, PermissionRefused: of the cache; what has arrived stays.
    """
    for _ in range(2):
        with _part(cache, md5) as part:
            if cache.has(md5):  # another process was faster
                return Arrived(size=cache.path(md5).stat().st_size)
            start = part.stat().st_size
            running = _Running(part, told)
            try:
                store.fetch(keys.data(md5), part, running.told, start=start)
            except Missing:
                part.unlink()
                return Arrived(missing=True)
            finally:
                running.close()
            if running.hexdigest() == md5.removesuffix(".dir"):
                return Arrived(size=_place(cache, part, md5))
            part.unlink()
            if start == 0:
                break
        # what was continued may have been another file's beginning: once more from the start
    return Arrived(damaged=True)


def hash_of(path: Path) -> str:
    """The md5 of a file, read now."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class _Running:
    """The md5 of a file that grows, taken while its newest bytes are still in memory."""

    def __init__(self, path: Path, then: Told) -> None:
        self._file = path.open("rb", buffering=0)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._then = then

    def told(self, more: int) -> None:
        """So many bytes were appended."""
        self._go_on()
        self._then(more)

    def hexdigest(self) -> str:
        """Of all that stands there."""
        return self._md5.hexdigest()

    def close(self) -> None:
        """Take in what is left."""
        self._go_on()
        self._file.close()

    def _go_on(self) -> None:
        while data := self._file.read(_CHUNK):
            self._md5.update(data)


def _place(cache: DvcCache, part: Path, md5: str) -> int:
    """Give a verified file its name in the cache, read-only as DVC wants it; its size."""
    path = cache.path(md5)
    for made in (*reversed(path.parents), path.parent):
        if not made.exists():
            made.mkdir(exist_ok=True)
            made.chmod(cache.folder_mode)
    part.chmod(MODE)
    part.rename(path)
    return path.stat().st_size


@contextmanager
def _part(cache: DvcCache, md5: str) -> Iterator[Path]:
    """The file aside in which bytes with this md5 arrive, locked; two processes take turns."""
    folder = cache.folder / "tmp"
    cache.prepare()
    path = folder / f"{_START}{md5}"
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                break
        os.close(descriptor)  # the one before us has finished it
    try:
        yield path
    finally:
        with suppress(FileNotFoundError):
            if path.stat().st_size == 0:
                path.unlink()
        os.close(descriptor)

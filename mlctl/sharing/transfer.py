"""Moves data between DVC's cache and a remote: concurrently, verified on arrival, resumable.

Upwards a folder's files go before its listing, so a listing that is there proves its files; a crash leaves
garbage and never a dangling pointer. Downwards the cache gets a file whole and verified or not at all; what
has arrived of a large one is kept aside, under its name, and continued.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore, Told
from mlctl.domain.errors import Corrupt, Incomplete, Missing
from mlctl.sharing import keys
from mlctl.sharing.presence import there
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.files import flush_file, flush_folder

_CHUNK = 1 << 22
_WEEK = 7 * 86_400.0
_PART = "mlctl-part-"
_ONE_BY_ONE = 64  # files


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved; what was there already does not count."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(files=self.files + other.files, bytes=self.bytes + other.bytes)


Progress = Callable[[int, int], None]
"""Told of so many more files and bytes that have moved."""


def nothing_told(files: int, size: int) -> None:
    """A Progress that ignores everything."""
    del files, size


def upload(store: RemoteStore, cache: DvcCache, md5s: Iterable[str], told: Progress = nothing_told) -> Moved:
    """Make the remote hold these data; a ".dir" stands for the listing and its files.

    Raises:
        Missing: neither cache nor remote hold a file.
        Corrupt: the cache's file is not what its name says; it was not sent.
        Unreachable, Denied, DiskFull: of the store; what has arrived is not sent again next time.
    """
    folders, files = _expanded(cache, md5s)
    held = there(store, [*folders, *files])
    lacking = [md5 for md5 in files if md5 not in held]
    _must_be_here(cache, store, lacking)

    def send(md5: str) -> int:
        path = cache.path(md5)
        size = _verify(path, md5)
        store.put_file(keys.data(md5), path, lambda more: told(0, more))
        told(1, 0)
        return size

    moved = _all(store, send, lacking)
    return moved + _all(store, send, [md5 for md5 in folders if md5 not in held])


def download(
    store: RemoteStore, cache: DvcCache, md5s: Iterable[str], told: Progress = nothing_told
) -> Moved:
    """Make the cache hold these data; a ".dir" stands for the listing and its files.

    Raises:
        Incomplete: the remote does not hold a file; every other one was brought.
        Corrupt: the remote's bytes are not what their name says; they were thrown away.
        Unreachable, Denied: of the store; what has arrived stays.
    """
    wanted = list(dict.fromkeys(md5s))
    folders = [md5 for md5 in wanted if md5.endswith(".dir")]

    def bring(md5: str) -> int:
        size = fetch_one(store, cache, md5, lambda more: told(0, more))
        told(1, 0)
        return size

    moved = _all(store, bring, [md5 for md5 in folders if not cache.has(md5)])
    files = dict.fromkeys(md5 for md5 in wanted if not md5.endswith(".dir"))
    for folder in folders:
        files.update(dict.fromkeys(md5 for _, md5 in cache.listing(folder)))
    wanting = [md5 for md5 in files if not cache.has(md5)]
    moved += _all(store, bring, wanting)
    _flush([cache.path(md5) for md5 in (*folders, *wanting)])
    return moved


def lacking(store: RemoteStore, cache: DvcCache, md5s: Iterable[str]) -> set[str]:
    """Those of these data that the remote does not hold; a ".dir" stands for the listing and its files.

    A listing that is on the remote proves its files only where the cache does not know them.
    """
    folders: list[str] = []
    files: dict[str, None] = {}
    for md5 in dict.fromkeys(md5s):
        if not md5.endswith(".dir"):
            files[md5] = None
            continue
        folders.append(md5)
        if cache.has(md5):
            files.update(dict.fromkeys(name for _, name in cache.listing(md5)))
    asked = [*folders, *files]
    return set(asked) - there(store, asked)


def fetch_one(store: RemoteStore, cache: DvcCache, md5: str, told: Told) -> int:
    """Bring one file into the cache; its size.

    Raises:
        Incomplete, Corrupt, Unreachable, Denied: as `download`.
    """
    key = keys.data(md5)
    for last in (False, True):
        with _part(cache, md5) as part:
            if cache.has(md5):
                return 0
            start = part.stat().st_size
            try:
                store.fetch(key, part, told, start=start)
            except Missing as error:
                part.unlink()
                raise Incomplete(
                    f"the remote {store.url} does not hold {key}", "mlctl push", key=key, url=store.url
                ) from error
            if _hashed(part) == md5.removesuffix(".dir"):
                return _place(cache, part, md5)
            part.unlink()  # the next try begins anew: what was continued may have been another file's
            if last or start == 0:
                break
    raise Corrupt(
        f"{store.url} holds other bytes under {key} than its name says; they were thrown away",
        "mlctl push",
        key=key,
        url=store.url,
    )


def _expanded(cache: DvcCache, md5s: Iterable[str]) -> tuple[list[str], list[str]]:
    """(listings, files)."""
    folders: list[str] = []
    files: dict[str, None] = {}
    for md5 in dict.fromkeys(md5s):
        if md5.endswith(".dir"):
            folders.append(md5)
            files.update(dict.fromkeys(name for _, name in cache.listing(md5)))
        else:
            files[md5] = None
    return folders, list(files)


def _must_be_here(cache: DvcCache, store: RemoteStore, md5s: list[str]) -> None:
    for md5 in md5s:
        if not cache.has(md5):
            raise Missing(
                f"neither the cache {cache.folder} nor the remote {store.url} holds {md5}",
                "mlctl fsck",
                md5=md5,
            )


def _all(store: RemoteStore, act: Callable[[str], int], md5s: list[str]) -> Moved:
    """Every one of them, several at once; the first failure stops what has not begun."""
    if not md5s:
        return Moved()
    with ThreadPoolExecutor(min(store.parallel, len(md5s))) as pool:
        futures = [pool.submit(act, md5) for md5 in md5s]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    for future in done:
        future.result()
    return Moved(files=len(md5s), bytes=sum(future.result() for future in futures))


@contextmanager
def _part(cache: DvcCache, md5: str) -> Iterator[Path]:
    """The file aside in which bytes with this md5 arrive, locked; two processes take turns."""
    folder = cache.folder / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_PART}{md5}"
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


def _verify(path: Path, md5: str) -> int:
    if _hashed(path) != md5.removesuffix(".dir"):
        raise Corrupt(
            f"{path} does not hold the bytes that it is named by; it was not sent",
            "mlctl fsck",
            md5=md5,
            path=str(path),
        )
    return path.stat().st_size


def _place(cache: DvcCache, part: Path, md5: str) -> int:
    """Give a verified file its name in the cache, read-only as DVC wants it; its size."""
    path = cache.path(md5)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.chmod(0o444)
    part.rename(path)
    return path.stat().st_size


def _flush(paths: list[Path]) -> None:
    """Make files durable, before a pointer names them; one flush for many."""
    if len(paths) > _ONE_BY_ONE:
        os.sync()
        return
    for path in paths:
        flush_file(path)
        flush_folder(path.parent)


def _hashed(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def sweep_parts(cache: DvcCache) -> None:
    """Remove what arrived of files that nobody has asked for again in a week."""
    folder = cache.folder / "tmp"
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if path.name.startswith(_PART) and time.time() - path.stat().st_mtime > _WEEK:
                path.unlink()

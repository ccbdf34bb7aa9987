"""Moves data between DVC's cache and a remote: concurrently, verified on arrival, resumable.

Upwards a folder's files go before its listing, so a listing that is there proves its files; a crash leaves
garbage and never a dangling pointer. Downwards the cache gets a file whole and verified or not at all; what
has arrived of a large one is kept aside, under its name, and continued.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Corrupt, Incomplete, Missing
from mlctl.domain.remote import ASIDE, WHO_HAS_IT
from mlctl.sharing import keys
from mlctl.sharing.bulk import copy
from mlctl.sharing.known import Known
from mlctl.sharing.part import Arrived, bring, hash_of
from mlctl.sharing.presence import folder_of, on_disk, there
from mlctl.sharing.survey import survey
from mlctl.sharing.threads import several
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.files import flush_file, flush_folder

_LARGE = 256 << 20  # bytes; even between folders such a file is continued where it broke off
_SIZED = 1_000  # files; of more the sizes are not looked at first, that takes longer than it can save
_ONE_BY_ONE = 64  # files
_SHOWN = 3


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved; what was there already does not count."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(files=self.files + other.files, bytes=self.bytes + other.bytes)


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent again.

    Attributes:
        nowhere: md5 of what the remote lacks and the cache does not hold either.
    """

    files: int = 0
    bytes: int = 0
    nowhere: tuple[str, ...] = ()


Progress = Callable[[int, int], None]
"""Told of so many more files and bytes that have moved."""


def nothing_told(files: int, size: int) -> None:
    """A Progress that ignores everything."""
    del files, size


def upload(
    store: RemoteStore,
    cache: DvcCache,
    md5s: Iterable[str],
    known: Known,
    told: Progress = nothing_told,
) -> Moved:
    """Make the remote hold these data; a ".dir" stands for the listing and its files.

    Args:
        store: that is to hold them.
        cache: that holds what the store lacks.
        md5s: of the data.
        known: what is known of the store, see `survey`.
        told: of what moves.

    Raises:
        Missing: neither cache nor remote hold a file; nothing was sent.
        Corrupt: the cache's file is not what its name says; neither it nor a listing was sent.
        Unreachable, Denied, DiskFull: of the store; what has arrived is not sent again next time.
    """
    wanted = list(dict.fromkeys(md5s))
    lacking = survey(store, cache, wanted, known)
    _must_be_here(cache, store, [*lacking.files, *lacking.folders])
    moved = _send(store, cache, lacking.files, told) + _send(store, cache, lacking.folders, told)
    known.note(wanted)
    return moved


def mend(
    store: RemoteStore,
    cache: DvcCache,
    md5s: Iterable[str],
    known: Known,
    told: Progress = nothing_told,
    *,
    dry_run: bool = False,
) -> Mended:
    """Ask the remote for every one of these data, believing nothing, and send what it lacks and is here.

    Args:
        store: that is to hold them.
        cache: that may hold what the store lacks.
        md5s: of the data; a ".dir" stands for the listing and, where that is in the cache, its files.
        known: of the store; renewed.
        told: of what moves.
        dry_run: only ask.

    Raises:
        Corrupt, Unreachable, Denied, DiskFull: as `upload`.
    """
    known.forget()
    lacking = survey(store, cache, md5s, known, thorough=True)
    gone = [*lacking.files, *lacking.folders]
    absent = set(_absent(cache, gone))
    files = tuple(md5 for md5 in lacking.files if md5 not in absent)
    folders = tuple(
        folder
        for folder in lacking.folders  # a listing proves its files, so it goes where all of them are
        if folder not in absent and absent.isdisjoint(md5 for _, md5 in cache.listing(folder))
    )
    if dry_run:
        moved = Moved(files=len(files) + len(folders), bytes=_bytes(cache, (*files, *folders)))
    else:
        moved = _send(store, cache, files, told) + _send(store, cache, folders, told)
    return Mended(
        files=moved.files,
        bytes=moved.bytes,
        nowhere=tuple(dict.fromkeys(md5 for md5 in gone if md5 in absent)),
    )


def download(
    store: RemoteStore,
    cache: DvcCache,
    md5s: Iterable[str],
    told: Progress = nothing_told,
    *,
    whole: bool = True,
) -> Moved:
    """Make the cache hold these data; a ".dir" stands for the listing and its files.

    Args:
        store: asked.
        cache: brought up to date.
        md5s: of the data.
        told: progress.
        whole: with False a ".dir" stands for the listing alone.

    Raises:
        Incomplete: the remote does not hold some of them; every other one was brought.
        Corrupt: the remote's bytes are not what their name says: thrown away, every other one was brought.
        Unreachable, Denied: of the store; what has arrived stays.
    """
    wanted = list(dict.fromkeys(md5s))
    folders = [md5 for md5 in wanted if md5.endswith(".dir")]
    absent = _absent(cache, folders)
    moved = _bring(store, cache, absent, told)
    files = dict.fromkeys(md5 for md5 in wanted if not md5.endswith(".dir"))
    for folder in folders if whole else ():
        files.update(dict.fromkeys(md5 for _, md5 in cache.listing(folder)))
    return moved + _bring(store, cache, _absent(cache, list(files)), told)


def _send(store: RemoteStore, cache: DvcCache, md5s: tuple[str, ...], told: Progress) -> Moved:
    folder = folder_of(store)
    if folder is not None and md5s:
        done = copy(cache.folder, folder, ASIDE, md5s, told)
        _must_be_here(cache, store, [*done.missing])
        for md5 in done.damaged:
            raise _damaged(cache, md5)
        return Moved(files=done.files, bytes=done.bytes)

    def send(md5: str) -> int:
        path = cache.path(md5)
        if hash_of(path) != md5.removesuffix(".dir"):
            raise _damaged(cache, md5)
        store.put_file(keys.data(md5), path, lambda more: told(0, more))
        told(1, 0)
        return path.stat().st_size

    sizes = several(send, md5s, store.parallel)
    return Moved(files=len(sizes), bytes=sum(sizes))


def _bring(store: RemoteStore, cache: DvcCache, md5s: list[str], told: Progress) -> Moved:
    """Bring files that the cache lacks, durable when this returns."""
    if not md5s:
        return Moved()
    folder = folder_of(store)
    small: list[str] = []
    left = md5s
    if folder is not None:
        sizes = there(store, md5s) if len(md5s) <= _SIZED else {}
        left = [md5 for md5 in md5s if sizes.get(md5, 0) > _LARGE]
        large = set(left)
        small = [md5 for md5 in md5s if md5 not in large]
    copied = None
    if folder is not None and small:
        copied = copy(folder, cache.folder, "tmp", small, told, folder_mode=cache.folder_mode)

    def act(md5: str) -> tuple[str, Arrived]:
        arrived = bring(store, cache, md5, lambda more: told(0, more))
        told(1 if arrived.size is not None else 0, 0)
        return md5, arrived

    arrived = several(act, left, store.parallel)
    good = [(md5, one.size) for md5, one in arrived if one.size is not None]
    _flush([cache.path(md5) for md5, _ in good])
    missing = [*(copied.missing if copied else ()), *(md5 for md5, one in arrived if one.missing)]
    damaged = [*(copied.damaged if copied else ()), *(md5 for md5, one in arrived if one.damaged)]
    _complain(store, missing, damaged)
    return Moved(
        files=len(good) + (copied.files if copied else 0),
        bytes=sum(size for _, size in good) + (copied.bytes if copied else 0),
    )


def _complain(store: RemoteStore, missing: list[str], damaged: list[str]) -> None:
    if damaged:
        names = [keys.data(md5) for md5 in damaged]
        raise Corrupt(
            f"{store.url} holds other bytes than its name says under {_some(names)}; they were thrown away",
            "mlctl data status --remote",
            key=names[0],
            keys=names,
            md5s=damaged,
            url=store.url,
        )
    if missing:
        names = [keys.data(md5) for md5 in missing]
        raise Incomplete(
            f"the remote {store.url} does not hold {_some(names)}; {WHO_HAS_IT}",
            "mlctl data status --remote",
            key=names[0],
            keys=names,
            md5s=missing,
            url=store.url,
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _bytes(cache: DvcCache, md5s: Iterable[str]) -> int:
    return sum(cache.path(md5).stat().st_size for md5 in md5s)


def _absent(cache: DvcCache, md5s: list[str]) -> list[str]:
    held = set(on_disk(cache.folder, md5s))
    return [md5 for md5 in md5s if md5 not in held]


def _must_be_here(cache: DvcCache, store: RemoteStore, md5s: list[str]) -> None:
    for md5 in _absent(cache, md5s):
        raise Missing(
            f"neither the cache {cache.folder} nor the remote {store.url} holds {md5}",
            "mlctl fsck --repair",
            md5=md5,
        )


def _damaged(cache: DvcCache, md5: str) -> Corrupt:
    path = cache.path(md5)
    return Corrupt(
        f"{path} does not hold the bytes that it is named by; it was not sent",
        "mlctl fsck --repair",
        md5=md5,
        path=str(path),
    )


def _flush(paths: list[Path]) -> None:
    """Make files durable, before a pointer names them; one flush for many."""
    if len(paths) > _ONE_BY_ONE:
        os.sync()
        return
    for path in paths:
        flush_file(path)
        flush_folder(path.parent)

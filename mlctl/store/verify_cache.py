"""DVC's cache, verified without DVC: `files/md5/<2 digits>/<30 digits>[.dir]`, named by md5.

In flat memory: 16 bytes for each file that a version names, whatever the size of listings and cache.
"""

import hashlib
import json
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.errors import MlctlError
from mlctl.store.collect import cache_files

Entries = Callable[[DatasetVersion], Iterator[FileEntry]]
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_SHOWN = 5


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the cache that is damaged or missing, and whom that hits.

    Attributes:
        versions: labels of the dataset versions that need it, at most five.
        places: where those versions have it, relative to the project, at most five.
    """

    md5: str
    path: Path
    versions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class CacheFound(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a cache.

    Attributes:
        files: how many were verified.
        unequal: labels of versions whose listing is not what their manifest says.
        writable: how many files others could change in place.
    """

    files: int
    damaged: tuple[Hit, ...]
    missing: tuple[Hit, ...]
    unequal: tuple[str, ...]
    writable: int


def verify_cache(
    folder: Path,
    versions: Sequence[tuple[str, DatasetVersion]],
    entries: Entries,
    *,
    everything: bool,
    quick: bool = False,
    told: Callable[[int], None] = lambda _files: None,
) -> CacheFound:
    """Verify the files that dataset versions name, or all files of the cache as well.

    Args:
        folder: the cache's.
        versions: (label, version); frozen ones, which have no path, are not in the cache.
        entries: the files of a folder version.
        everything: the cache belongs to one repository, so each of its files is looked at.
        quick: what is there is believed to be whole.
        told: called with the number of files verified so far.
    """
    kept = [(label, version) for label, version in versions if version.path is not None]
    wanted, unequal = _wanted(folder, kept, entries)
    damaged: list[tuple[str, Path]] = []
    files = writable = 0
    for md5, path in cache_files(folder):
        key = _key(md5)
        named = key in wanted
        wanted.discard(key)
        if not named and not everything:
            continue
        files += 1
        told(files)
        try:
            mode = path.lstat().st_mode
            whole = stat.S_ISREG(mode) and (quick or _md5(path) == md5.removesuffix(".dir"))
        except OSError:
            whole, mode = False, 0
        writable += bool(mode & _WRITABLE)
        if not whole:
            damaged.append((md5, path))
    absent = [(md5, _path(folder, md5)) for md5 in sorted(_name(key) for key in wanted)]
    hits = _whom({md5 for md5, _ in (*damaged, *absent)}, kept, entries)
    return CacheFound(
        files=files,
        damaged=tuple(_hit(md5, path, hits) for md5, path in damaged),
        missing=tuple(_hit(md5, path, hits) for md5, path in absent),
        unequal=tuple(unequal),
        writable=writable,
    )


def _wanted(
    folder: Path, versions: Iterable[tuple[str, DatasetVersion]], entries: Entries
) -> tuple[set[bytes], list[str]]:
    """What versions name, and the labels of those whose listing does not follow from their manifest."""
    wanted: set[bytes] = set()
    unequal: list[str] = []
    for label, version in versions:
        wanted.add(_key(version.md5))
        if version.shape == "folder":
            listing = hashlib.md5(b"[", usedforsecurity=False)
            try:
                for number, entry in enumerate(entries(version)):
                    wanted.add(_key(entry.md5))
                    item = json.dumps({"md5": entry.md5, "relpath": entry.path})
                    listing.update((", " if number else "").encode() + item.encode())
            except MlctlError:  # a damaged or missing manifest is reported as the object that it is
                continue
            listing.update(b"]")
            equal = listing.hexdigest() == version.md5.removesuffix(".dir")
            if not equal and not _says(_path(folder, version.md5), entries(version)):
                unequal.append(label)
    return wanted, unequal


class _Listed(msgspec.Struct):
    md5: str
    relpath: str


def _says(listing: Path, entries: Iterator[FileEntry]) -> bool:
    """Whether a listing that is written in another way names the same files; a damaged one is no news."""
    try:
        listed = msgspec.json.decode(listing.read_bytes(), type=list[_Listed])
    except (OSError, msgspec.DecodeError):
        return True
    return {(one.relpath, one.md5) for one in listed} == {(entry.path, entry.md5) for entry in entries}


def _whom(
    md5s: set[str], versions: Iterable[tuple[str, DatasetVersion]], entries: Entries
) -> dict[str, list[tuple[str, str]]]:
    """(label, place) of the first few versions that need each of these."""
    hits: dict[str, list[tuple[str, str]]] = {md5: [] for md5 in md5s}
    for label, version in versions if md5s else ():
        files = [(version.md5, version.path or "")]
        if version.md5 in hits:
            hits[version.md5].append((label, files[0][1]))
        if version.shape == "folder":
            try:
                for entry in entries(version):
                    if entry.md5 in hits and len(hits[entry.md5]) < _SHOWN:
                        hits[entry.md5].append((label, f"{version.path}/{entry.path}"))
            except MlctlError:
                continue
    return hits


def _hit(md5: str, path: Path, hits: dict[str, list[tuple[str, str]]]) -> Hit:
    whom = hits[md5][:_SHOWN]
    return Hit(
        md5=md5,
        path=path,
        versions=tuple(dict.fromkeys(label for label, _ in whom)),
        places=tuple(dict.fromkeys(place for _, place in whom)),
    )


def _key(md5: str) -> bytes:
    """16 bytes; one more for a listing."""
    return bytes.fromhex(md5[:32]) + (b"d" if md5.endswith(".dir") else b"")


def _name(key: bytes) -> str:
    return key[:16].hex() + (".dir" if len(key) > 16 else "")  # noqa: PLR2004 - an md5 has 16 bytes


def _path(folder: Path, md5: str) -> Path:
    return folder / "files" / "md5" / md5[:2] / md5[2:]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

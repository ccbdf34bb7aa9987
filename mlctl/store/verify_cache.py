"""DVC's cache, verified without DVC: `files/md5/<2 digits>/<30 digits>[.dir]`, named by md5."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mlctl.domain.dataset import DatasetVersion

_NAME = re.compile(r"[0-9a-f]{30}(\.dir)?\Z")


class CacheFound(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a cache.

    Attributes:
        files: how many were verified.
        missing: (path, who names it).
    """

    files: int
    damaged: tuple[Path, ...]
    missing: tuple[tuple[Path, str], ...]


class _Listed(msgspec.Struct):
    md5: str
    relpath: str


def verify_cache(
    folder: Path, versions: Iterable[tuple[str, DatasetVersion]], *, everything: bool
) -> CacheFound:
    """Verify the files that dataset versions name, or all files of the cache as well.

    Args:
        folder: the cache's.
        versions: (who names it, the version); frozen ones, which have no path, are not in the cache.
        everything: the cache belongs to one repository, so each of its files is looked at.
    """
    store = folder / "files" / "md5"
    named: dict[Path, str] = {}
    for by, version in versions:
        if version.path is not None:
            named.update(_named(store, by, version.md5))
    present = [path for path in named if path.exists()]
    if everything and store.exists():
        present += [path for path in store.glob("??/*") if path not in named and _NAME.match(path.name)]
    damaged = [
        path for path in sorted(present) if _md5(path) != path.parent.name + path.name.removesuffix(".dir")
    ]
    missing = [(path, by) for path, by in sorted(named.items()) if not path.exists()]
    return CacheFound(files=len(present), damaged=tuple(damaged), missing=tuple(missing))


def _named(store: Path, by: str, md5: str) -> dict[Path, str]:
    """The cache file of a version, and of a folder's listing every file that it lists."""
    path = _path(store, md5)
    found = {path: by}
    if md5.endswith(".dir"):
        try:
            listed = msgspec.json.decode(path.read_bytes(), type=list[_Listed])
        except (OSError, msgspec.DecodeError):  # reported for what it is: missing, or damaged by its md5
            return found
        found |= {_path(store, entry.md5): f"{by}, {entry.relpath}" for entry in listed}
    return found


def _path(store: Path, md5: str) -> Path:
    return store / md5[:2] / md5[2:]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

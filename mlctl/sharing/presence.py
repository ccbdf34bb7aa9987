"""Which data a remote holds, learnt with few requests."""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Denied
from mlctl.sharing import keys
from mlctl.sharing.threads import several

_PAGE = 1_000  # keys that one request lists on an object store
_FEW = 8
_FOLDERS = 256
_MANY = 1_000  # files; to list the folders is quicker than to look for each


def there(store: RemoteStore, md5s: Iterable[str]) -> dict[str, int]:
    """The sizes of those of the data that the remote holds.

    Few are asked for one by one. For many, one of the 256 folders is listed: it tells how large the remote
    is, and so whether asking for each, or listing those folders or everything, takes fewer requests.
    """
    asked = list(dict.fromkeys(md5s))
    if not asked:
        return {}
    folder = folder_of(store)
    if folder is not None:
        return _on_disk(folder, asked)
    if len(asked) <= _FEW:
        return _by_sizes(store, asked)
    wanted: dict[str, set[str]] = {}
    for md5 in asked:
        wanted.setdefault(md5[:2], set()).add(md5)
    try:
        return _by_listing(store, wanted)
    except Denied:  # a web server, or a bucket that we may read but not list
        return _by_sizes(store, asked)


def folder_of(store: RemoteStore) -> Path | None:
    """The folder of this machine that the store is, if it is one."""
    folder = getattr(store, "folder", None)
    return folder if isinstance(folder, Path) else None


def _by_listing(store: RemoteStore, wanted: dict[str, set[str]]) -> dict[str, int]:
    first = max(sorted(wanted), key=lambda name: len(wanted[name]))
    total, found = _listed(store, f"{first}/", wanted[first])
    left = {name: names for name, names in wanted.items() if name != first}
    each = sum(len(names) for names in left.values())
    folders = len(left) * max(1, -(-total // _PAGE))
    everything = max(1, -(-total * _FOLDERS // _PAGE))
    if each <= min(folders, everything):
        return found | _by_sizes(store, [md5 for names in left.values() for md5 in names])
    if everything < folders:
        return _listed(store, "", {md5 for names in wanted.values() for md5 in names})[1]
    for _, more in several(lambda item: _listed(store, f"{item[0]}/", item[1]), left.items(), store.parallel):
        found |= more
    return found


def _by_sizes(store: RemoteStore, md5s: list[str]) -> dict[str, int]:
    by_key = {keys.data(md5): md5 for md5 in md5s}
    return {by_key[key]: size for key, size in store.sizes(by_key).items()}


def _listed(store: RemoteStore, below: str, wanted: set[str]) -> tuple[int, dict[str, int]]:
    """(how many keys there are below, the sizes of those of the wanted that are there)."""
    total, found = 0, {}
    for one in store.list(f"{keys.DATA}{below}"):
        total += 1
        md5 = one.key.removeprefix(keys.DATA).replace("/", "", 1)
        if md5 in wanted:
            found[md5] = one.size
    return total, found


def _on_disk(folder: Path, md5s: list[str]) -> dict[str, int]:
    found = {}
    for md5 in on_disk(folder, md5s):
        with suppress(OSError):
            found[md5] = os.stat(f"{folder}/{keys.data(md5)}").st_size  # noqa: PTH116 - once a file
    return found


def on_disk(folder: Path, md5s: Collection[str]) -> list[str]:
    """Those of the files that a folder in DVC's layout holds, in the same order."""
    if len(md5s) <= _MANY:
        return [md5 for md5 in md5s if os.path.isfile(f"{folder}/{keys.data(md5)}")]  # noqa: PTH113 - as above
    names: set[str] = set()
    for first in {md5[:2] for md5 in md5s}:
        with suppress(FileNotFoundError, NotADirectoryError):
            names.update(first + rest for rest in os.listdir(f"{folder}/{keys.DATA}{first}"))  # noqa: PTH208 - as above
    return [md5 for md5 in md5s if md5 in names]

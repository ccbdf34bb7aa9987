"""Which data a remote holds, learnt with few requests."""

from collections.abc import Iterable

from mlctl.contracts.remote import RemoteStore
from mlctl.sharing import keys

_PAGE = 1_000  # keys that one request lists on an object store
_FEW = 8


def there(store: RemoteStore, md5s: Iterable[str]) -> set[str]:
    """Those of the data that the remote holds.

    Few are asked for one by one. For many, one of the 256 folders is listed: it tells how large the remote
    is, and so whether asking for each or listing takes fewer requests.
    """
    asked = list(dict.fromkeys(md5s))
    if len(asked) <= _FEW:
        return _by_sizes(store, asked)
    folders: dict[str, set[str]] = {}
    for md5 in asked:
        folders.setdefault(md5[:2], set()).add(md5)
    first = max(sorted(folders), key=lambda name: len(folders[name]))
    wanted = folders.pop(first)
    total, found = _listed(store, first, wanted)
    left = [md5 for names in folders.values() for md5 in names]
    pages = max(1, -(-total // _PAGE))
    if len(left) <= pages * len(folders):
        return found | _by_sizes(store, left)
    for name, names in folders.items():
        found |= _listed(store, name, names)[1]
    return found


def _by_sizes(store: RemoteStore, md5s: list[str]) -> set[str]:
    by_key = {keys.data(md5): md5 for md5 in md5s}
    return {by_key[key] for key in store.sizes(by_key)}


def _listed(store: RemoteStore, folder: str, wanted: set[str]) -> tuple[int, set[str]]:
    """(how many keys the folder has, those of the wanted that are there)."""
    total, found = 0, set()
    for one in store.list(f"{keys.DATA}{folder}/"):
        total += 1
        md5 = folder + one.key.rpartition("/")[2]
        if md5 in wanted:
            found.add(md5)
    return total, found

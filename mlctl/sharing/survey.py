"""What a remote lacks of some data: with one request or two where nothing is new, and few where little is.

A listing that is on the remote proves its files: whoever sends a folder, dvc too, sends its listing last.
"""

import os
import random
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.sharing.known import Known
from mlctl.sharing.presence import there
from mlctl.workspace.dvc_cache import DvcCache

_SHARED = 2  # older listings that are looked through for files of a new one


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """What the remote does not hold.

    Attributes:
        files: data of their own and files of folders.
        folders: listings; each after all its files.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def survey(
    store: RemoteStore, cache: DvcCache, md5s: Iterable[str], known: Known, *, thorough: bool = False
) -> Lacking:
    """What the remote lacks of these data; a ".dir" stands for the listing and its files.

    Args:
        store: asked.
        cache: gives the listings; of a folder whose listing is not here only that itself is asked for.
        md5s: of the data.
        known: what is known of the remote; proved anew before it is relied on, and brought up to date.
        thorough: rely on nothing, ask for every file.
    """
    wanted = list(dict.fromkeys(md5s))
    old = [] if thorough else [md5 for md5 in wanted if md5 in known]
    relied_on = set(old)
    new = [md5 for md5 in wanted if md5 not in relied_on]
    related = known.listings(_SHARED) if not thorough and any(_is_folder(md5) for md5 in new) else []
    proofs = _proofs(known, old)
    found = there(store, dict.fromkeys([*new, *proofs, *related]))
    if any(md5 not in found for md5 in (*proofs, *related)):
        known.forget()
        return survey(store, cache, wanted, known, thorough=thorough)
    folders = [md5 for md5 in new if _is_folder(md5) and (thorough or not _there(cache, md5, found))]
    files = dict.fromkeys(md5 for md5 in new if not _is_folder(md5))
    below = _files(cache, folders)
    for md5 in related:
        for shared in _files(cache, [md5]):
            below.pop(shared, None)
    found |= there(store, (md5 for md5 in below if md5 not in found))
    lacking = tuple(md5 for md5 in (files | below) if not _there(cache, md5, found))
    gone = tuple(md5 for md5 in folders if not _there(cache, md5, found))
    incomplete = {*lacking, *gone, *(folders if lacking else ())}
    known.note(md5 for md5 in new if md5 not in incomplete)
    return Lacking(files=lacking, folders=gone)


def _proofs(known: Known, old: list[str]) -> list[str]:
    """The newest of what is relied on, and one other: in the course of time all of them are looked at."""
    newest = known.newest(old)
    if newest is None:
        return []
    return list(dict.fromkeys([newest, random.choice(old)]))  # noqa: S311 - a sample, no secret


def _files(cache: DvcCache, folders: list[str]) -> dict[str, None]:
    found: dict[str, None] = {}
    for folder in folders:
        if cache.has(folder):
            found.update((md5, None) for _, md5 in cache.listing(folder))
    return found


def _there(cache: DvcCache, md5: str, found: dict[str, int]) -> bool:
    """Whether the remote has the file, of the size that it has here: others may have left a part of it."""
    if md5 not in found:
        return False
    try:
        return os.stat(_cached(cache.folder, md5)).st_size == found[md5]  # noqa: PTH116 - once a file
    except OSError:
        return True


def _cached(folder: Path, md5: str) -> str:
    return f"{folder}/files/md5/{md5[:2]}/{md5[2:]}"


def _is_folder(md5: str) -> bool:
    return md5.endswith(".dir")

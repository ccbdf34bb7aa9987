"""What an import has brought into the cache, whatever its source."""

from collections.abc import Iterable
from hashlib import md5 as md5_of

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.imported import Lock
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_listing import listing_bytes


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes in the cache, not flushed yet.

    Attributes:
        md5: with ".dir" at the end for a folder.
        files: one with path "" for a file; those of a folder, by path.
        lock: what tells the state of the source that they are of.
    """

    md5: str
    files: tuple[FileEntry, ...]
    lock: Lock

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(".dir")


def brought_file(entry: FileEntry, lock: Lock) -> Brought:
    """A single file."""
    return Brought(md5=entry.md5, files=(msgspec.structs.replace(entry, path=""),), lock=lock)


def brought_folder(cache: DvcCache, entries: Iterable[FileEntry], lock: Lock) -> Brought:
    """A folder whose files are in the cache; its listing is put there too."""
    files = tuple(sorted(entries, key=lambda entry: entry.path))
    listing = listing_bytes(files)
    md5 = md5_of(listing, usedforsecurity=False).hexdigest() + ".dir"
    cache.put(listing, md5)
    return Brought(md5=md5, files=files, lock=lock)

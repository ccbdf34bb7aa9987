"""A folder's manifest: its files in the order of their paths, cut into chunks where the paths say so.

Where a chunk begins depends on a path alone (and on the chunk before it being full), so that a change of one
file leaves every other chunk's bytes, and so its name, what they were.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.ids import Digest
from mlctl.domain.records import Record

MEAN = 2048
"""Files in a chunk, on average."""

FULL = 8 * MEAN
"""Files after which a chunk ends wherever it is."""

_MIX = 0x9E3779B1  # the CRC of numbered names alone is too even; a multiplication mixes its bits upwards
_SHIFT = 32 - MEAN.bit_length() + 1


class Chunk(Record, frozen=True, kw_only=True):
    """What the root says of one chunk.

    Attributes:
        first: path of its first file.
        digest: the object that lists its files.
        files, bytes: how many, and their sizes in all.
    """

    first: str
    digest: Digest
    files: int
    bytes: int


class Root(Record, frozen=True, kw_only=True):
    """A manifest of more than one chunk, in the order of their first paths."""

    files: int
    bytes: int
    chunks: tuple[Chunk, ...]


_ENTRIES = msgspec.json.Decoder(tuple[FileEntry, ...])
_ROOT = msgspec.json.Decoder(Root)


def begins_chunk(path: str) -> bool:
    """Whether the file with this path is the first of a chunk; one path in `MEAN` is."""
    return (zlib.crc32(path.encode("utf-8")) * _MIX & 0xFFFFFFFF) >> _SHIFT == 0


def next_start(paths: Sequence[str], begin: int, end: int) -> int | None:
    """The first of `paths[begin:end]` that begins a chunk, as an index into `paths`; None if none does."""
    crc32, bound = zlib.crc32, 1 << _SHIFT  # `begins_chunk` a call less for each of a million paths
    for at in range(begin, min(end, len(paths))):
        if crc32(paths[at].encode("utf-8")) * _MIX & 0xFFFFFFFF < bound:
            return at
    return None


def chunked(entries: Iterable[FileEntry]) -> Iterator[tuple[FileEntry, ...]]:
    """The entries, cut into chunks.

    Raises:
        ValueError: they are not in ascending order of their paths (by code point), or a path comes twice.
    """
    chunk: list[FileEntry] = []
    last: str | None = None
    for entry in entries:
        if last is not None and entry.path <= last:
            raise ValueError(f"{entry.path!r} comes after {last!r}")
        last = entry.path
        if chunk and (len(chunk) == FULL or begins_chunk(last)):
            yield tuple(chunk)
            chunk = []
        chunk.append(entry)
    if chunk:
        yield tuple(chunk)


def parsed(data: bytes) -> Root | tuple[FileEntry, ...]:
    """What an object of a manifest holds: the root, or the entries of a chunk (which may be all there is).

    Raises:
        msgspec.DecodeError: it is neither.
    """
    return _ROOT.decode(data) if data.startswith(b"{") else _ENTRIES.decode(data)


class Seen(Chunk, frozen=True, kw_only=True):
    """A chunk as its files stood in the work tree.

    Attributes:
        seal: hash of their names and stamps: equal seals, nothing has changed.
        cached: whether all of them were in the cache.
    """

    seal: bytes
    cached: bool


def seal_of(names: list[str], stamps: bytes) -> bytes:
    """The seal of files beside each other.

    Args:
        names: without line breaks.
        stamps: four 64-bit numbers a file: size, mtime, ctime, inode.
    """
    sealed = hashlib.blake2b("\n".join(names).encode("utf-8"), digest_size=16)
    sealed.update(b"\n")
    sealed.update(stamps)
    return sealed.digest()

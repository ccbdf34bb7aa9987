"""Manifests: the files of folder datasets as objects, read and written chunk by chunk, so in flat memory.

A manifest is one chunk (a JSON list of entries) or a root that lists chunks; `domain/manifest.py` says where
chunks begin. Two versions of a folder share the objects of every chunk in which nothing changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import Corrupt
from mlctl.domain.file_names import check_names
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import Chunk, Root, chunked, parsed
from mlctl.domain.records import encode
from mlctl.store.objects import Objects

Change = tuple[FileEntry | None, FileEntry | None]
"""What a path held before and what it holds after; None where there is nothing."""


class Manifests:
    """The manifests of a repository. What is read was verified by its digest, and leads out of no folder.

    Every method that reads raises `Untrusted` where an object lists what no folder can hold.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def write(self, entries: Iterable[FileEntry]) -> Digest:
        """Store a manifest; the digest that names it. Equal entries give an equal digest.

        Args:
            entries: in ascending order of their paths.

        Raises:
            ValueError: they are not.
        """
        return self.join(self.chunk(chunk) for chunk in chunked(entries))

    def chunk(self, entries: tuple[FileEntry, ...]) -> Chunk:
        """Store one chunk, as `domain.manifest.chunked` cuts them; what the root has to say of it."""
        return Chunk(
            first=entries[0].path,
            digest=self._objects.put(encode(entries)),
            files=len(entries),
            bytes=sum(entry.size for entry in entries),
        )

    def put(self, chunk: Chunk, entries: bytes) -> Chunk:
        """Store a chunk that is encoded already; what the root has to say of it."""
        if not self._objects.has(chunk.digest):
            self._objects.put(entries)
        return Chunk(first=chunk.first, digest=chunk.digest, files=chunk.files, bytes=chunk.bytes)

    def join(self, chunks: Iterable[Chunk]) -> Digest:
        """The manifest of chunks that are stored already, in order: the only one itself, or their root."""
        known = tuple(chunks)
        if not known:
            return self._objects.put(encode(()))
        if len(known) == 1:
            return known[0].digest
        root = Root(
            files=sum(chunk.files for chunk in known),
            bytes=sum(chunk.bytes for chunk in known),
            chunks=known,
        )
        return self._objects.put(encode(root))

    def entries(self, digest: str, under: str = "") -> Iterator[FileEntry]:
        """The files of a manifest, ascending by path; one chunk is in memory at a time.

        Args:
            digest: of the manifest.
            under: only paths that begin with this ("images/cats/"); chunks that hold none are not read.

        Raises:
            Missing, Corrupt: an object is.
        """
        found = self._parsed(digest)
        if isinstance(found, tuple):
            chunks: Iterable[tuple[FileEntry, ...]] = (found,)
        else:
            chunks = (self._chunk(chunk.digest) for chunk in _touched(found.chunks, under))
        for chunk in chunks:
            yield from (entry for entry in chunk if entry.path.startswith(under)) if under else chunk

    def is_here(self, digest: str) -> bool:
        """Whether all objects of a manifest are; their content is not looked at, but that of the first."""
        return self._objects.has(digest) and all(map(self._objects.has, self.objects(digest)))

    def chunks(self, digest: str) -> tuple[Chunk, ...]:
        """What a manifest says of its chunks, in order.

        Raises:
            Missing, Corrupt: the manifest is.
        """
        return self._chunks(digest)

    def objects(self, digest: str) -> Iterator[Digest]:
        """The digests of all objects of a manifest, itself first; of the chunks only the names are read.

        Raises:
            Missing, Corrupt: the manifest itself is.
        """
        yield Digest(digest)
        found = self._parsed(digest)
        if isinstance(found, Root):
            yield from dict.fromkeys(chunk.digest for chunk in found.chunks)

    def changes(self, old: str | None, new: str | None, under: str = "") -> Iterator[Change]:
        """What differs between two manifests, ascending by path: added, removed or with other bytes.

        Chunks that both have are not read. None stands for an empty folder.

        Raises:
            Missing, Corrupt: an object is.
        """
        if old == new:
            return
        before, after = self._chunks(old), self._chunks(new)
        shared = {chunk.digest for chunk in before} & {chunk.digest for chunk in after}
        olds, news = (
            (
                entry
                for chunk in _touched(chunks, under)
                if chunk.digest not in shared
                for entry in self._chunk(chunk.digest)
                if entry.path.startswith(under)
            )
            for chunks in (before, after)
        )
        yield from _differences(olds, news)

    def changes_to(
        self, old: str, chunks: Sequence[Chunk], entries: Callable[[Any], Iterable[FileEntry]]
    ) -> Iterator[Change]:
        """The same between a manifest and a folder that has none yet.

        Args:
            old: digest of the manifest.
            chunks: of the folder, in order, cut as a manifest's.
            entries: the files of one of them; asked for those alone that the manifest does not have.

        Raises:
            Missing, Corrupt: an object is.
        """
        before = self._chunks(old)
        shared = {chunk.digest for chunk in before} & {chunk.digest for chunk in chunks}
        olds = (entry for one in before if one.digest not in shared for entry in self._chunk(one.digest))
        news = (entry for one in chunks if one.digest not in shared for entry in entries(one))
        yield from _differences(olds, news)

    def _chunks(self, digest: str | None) -> tuple[Chunk, ...]:
        if digest is None:
            return ()
        found = self._parsed(digest)
        if isinstance(found, Root):
            return found.chunks
        if not found:
            return ()
        return (Chunk(first=found[0].path, digest=Digest(digest), files=len(found), bytes=0),)

    def _chunk(self, digest: str) -> tuple[FileEntry, ...]:
        found = self._parsed(digest)
        if isinstance(found, Root):
            raise Corrupt(f"object {digest} is a root, and another lists it as a chunk", digest=digest)
        return found

    def _parsed(self, digest: str) -> Root | tuple[FileEntry, ...]:
        try:
            found = parsed(self._objects.read(digest))
        except msgspec.DecodeError as error:
            raise Corrupt(f"object {digest} is no manifest: {error}", digest=digest) from error
        if isinstance(found, tuple):  # it may have come from a remote
            check_names([entry.path for entry in found], [entry.md5 for entry in found], f"object {digest}")
        return found


def _touched(chunks: tuple[Chunk, ...], under: str) -> Iterator[Chunk]:
    """The chunks that can hold a path which begins with `under`."""
    for number, chunk in enumerate(chunks):
        ends_before = number + 1 < len(chunks) and chunks[number + 1].first <= under
        if not ends_before and chunk.first[: len(under)] <= under:
            yield chunk


def _differences(olds: Iterator[FileEntry], news: Iterator[FileEntry]) -> Iterator[Change]:
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.path < new.path):
            yield old, None
            old = next(olds, None)
        elif old is None or new.path < old.path:
            yield None, new
            new = next(news, None)
        else:
            if (old.md5, old.sha256, old.size) != (new.md5, new.sha256, new.size):
                yield old, new
            old, new = next(olds, None), next(news, None)

"""A folder as it stands: walked once, hashed where it has changed, chunk by chunk in flat memory.

Chunks are those of the folder's manifest. One in which no name and no stamp has changed costs a comparison
of seals; of another, the files that the memory does not know are hashed, by worker processes if they are
many. Each chunk is remembered when it is done, so interrupted work goes on where it was.
"""

import time
from array import array
from collections import deque
from collections.abc import Collection, Iterator
from hashlib import blake2b
from hashlib import sha256 as sha256_of
from itertools import chain
from pathlib import Path
from typing import Any, cast

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import WorkspaceDirty
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import FULL, Seen, begins_chunk, next_start, parsed, seal_of
from mlctl.domain.progress import Event, Report, silent
from mlctl.domain.records import encode
from mlctl.workspace.cache_trust import Trust
from mlctl.workspace.counting import Count
from mlctl.workspace.dvc_cache import LARGE, DvcCache
from mlctl.workspace.hashing import Stamp, Taken
from mlctl.workspace.intake_pool import Pool, Ticket, batches
from mlctl.workspace.scan import Memory, Row, walk

_AHEAD = 16  # chunks that may wait for the first of them
_UNKNOWN: Stamp = (0, 0, 0, 0)
_LONG = 2.0  # seconds after which it is worth counting what there is to do
_PAUSE = 1.0  # seconds between two notes of what a chunk that takes long has done


class Survey:
    """One look at one folder.

    Attributes:
        chunks: of the folder's manifest, in order; complete after `run`.
        read: md5, path in the project and stamp of every file that was read, if they are noted.
        clashes: some pairs of paths that are one to macOS and Windows.
    """

    def __init__(self, root: Path, path: str, memory: Memory, cache: DvcCache | None, report: Report) -> None:
        """Prepare; nothing is read yet.

        Args:
            root: the project.
            path: of the folder, relative to it.
            memory: what is known of its files, and where to keep what is learnt.
            cache: its bytes are in there afterwards, not flushed.
            report: receives progress events.
        """
        self.root, self.path = root, path
        self.memory, self.cache, self.report = memory, cache, report
        self.chunks: list[Seen] = []
        self.read: list[tuple[str, str, Stamp]] = []
        self.clashes: list[tuple[str, str]] = []
        self._held: dict[str, bytes] = {}
        self._pool = Pool(root, path, cache)
        self._note = False
        self._waiting: deque[_Open | Seen] = deque()
        self._progress = _Progress(root / path, path, report)

    def run(self, ignored: Collection[str], links: Path | None, *, note_read: bool = False) -> None:
        """Look at everything.

        Raises:
            as `scan.walk`; NotFound, PermissionRefused, DiskFull: a file cannot be read or kept.
            WorkspaceDirty: a file that is to be kept changes all the time.
        """
        self._note = note_read
        trust = Trust(self.memory, self.path, self.cache)
        window = _Window(walk(self.root, self.path, ignored, links, self.clashes))
        try:
            while window.holds(1):
                self._waiting.append(self._next(window, trust))
                while len(self._waiting) > _AHEAD:
                    self._settle()
            while self._waiting:
                self._settle()
        except BaseException:
            self._pool.close(abort=True)
            self._progress.stop()
            raise
        self._pool.close()
        if self.cache is None or not self.cache.relied:
            trust.renew()
        self._progress.end()

    @property
    def over(self) -> bytes:
        """What the md5 of the whole is remembered by."""
        return over_of(self.chunks)

    def entries(self, chunk: Seen) -> tuple[FileEntry, ...]:
        """The files of one chunk.

        Raises:
            WorkspaceDirty: somebody else looked at the folder meanwhile, and it had changed.
        """
        found = parsed(self.encoded(chunk))
        assert isinstance(found, tuple)  # noqa: S101 - what this class encoded
        return found

    def encoded(self, chunk: Seen) -> bytes:
        """The files of one chunk as its object holds them.

        Raises:
            WorkspaceDirty: as `entries`.
        """
        data = self._held.get(chunk.first) or self.memory.entries(self.path, chunk)
        if data is None:
            raise WorkspaceDirty(
                f"{self.path} changed while it was looked at", f"mlctl data add {self.path}", path=self.path
            )
        return data

    def _next(self, window: "_Window", trust: Trust) -> "_Open | Seen":
        """The next chunk: as remembered, or with what is to be learnt of it under way."""
        first = window.names[0]
        known = self.memory.chunk(self.path, first)
        if known is not None and window.is_chunk(known.files):
            names, stamps = window.names[: known.files], window.stamps[: known.files]
            if seal_of(names, _packed(stamps)) == known.seal and self._is_cached(known, trust):
                window.drop(known.files)
                return known
        size = window.chunk()
        chunk = _Open(window.names[:size], window.stamps[:size])
        window.drop(size)
        relied = self.cache.relied if self.cache else 0
        todo = self._recall(chunk)
        chunk.relies = self.cache is not None and self.cache.relied > relied
        names, stamps = chunk.names, chunk.stamps
        for batch, size in batches(todo, stamps):
            chunk.tickets.append(self._pool.ask([(names[index], stamps[index]) for index in batch], size))
            chunk.asked.append(batch)
        return chunk

    def _is_cached(self, known: Seen, trust: Trust) -> bool:
        if self.cache is None:
            return True
        if not known.cached:
            return False
        doubted = trust.doubted
        return not doubted or all(
            entry.md5[:2] not in doubted or self.cache.has(entry.md5) for entry in self.entries(known)
        )

    def _recall(self, chunk: "_Open") -> list[int]:
        """Fill in what is remembered; the numbers of the files that are to be read."""
        first, last = chunk.names[0], chunk.names[-1]
        known: dict[str, tuple[Stamp, str, str]] = {}
        for entries, stamps in self.memory.known(self.path, first, last):
            found = parsed(entries)
            if not isinstance(found, tuple) or found[-1].path < first:  # the chunk before this one
                continue
            for entry, stamp in zip(found, unpacked(stamps), strict=True):
                known[entry.path] = (stamp, entry.md5, entry.sha256)
        rows = self.memory.recall(f"{self.path}/{first}", f"{self.path}/{last}")
        for path, row in rows.items():
            known[path[len(self.path) + 1 :]] = (row[1:5], row[5], row[6])
        if not known:
            return list(range(len(chunk.names)))
        todo: list[int] = []
        for index, name in enumerate(chunk.names):
            stamp, md5, sha256 = known.get(name, (_UNKNOWN, "", ""))
            if stamp == chunk.stamps[index] and (self.cache is None or self.cache.has(md5)):
                chunk.entries[index] = FileEntry(path=name, size=stamp[0], md5=md5, sha256=Digest(sha256))
            else:
                todo.append(index)
        return todo

    def _settle(self) -> None:
        """Finish the chunk that has waited longest."""
        chunk = self._waiting.popleft()
        if isinstance(chunk, Seen):
            self.chunks.append(chunk)
            self._progress.add(chunk.files, chunk.bytes)
            return
        noted = time.monotonic()
        fresh: list[tuple[list[int], list[Taken]]] = []
        for asked, ticket in zip(chunk.asked, chunk.tickets, strict=True):
            answers = ticket.answers()
            if self._note:
                self.read += self._noted(chunk, asked, answers)
            size = chunk.learn(asked, answers)
            if self.cache is not None and size >= LARGE:
                self._verified(self.cache, answers)
            self._progress.add(len(answers), size, read=True)
            fresh.append((asked, answers))
            if time.monotonic() - noted > _PAUSE:
                self.memory.remember([row for some in fresh for row in self._rows(chunk, *some)])
                noted, fresh = time.monotonic(), []
        self._keep(chunk)

    def _noted(
        self, chunk: "_Open", asked: list[int], answers: list[Taken]
    ) -> Iterator[tuple[str, str, Stamp]]:
        for index, (md5, _, _, stamp) in zip(asked, answers, strict=True):
            yield md5, f"{self.path}/{chunk.names[index]}", stamp or chunk.stamps[index]

    def _rows(self, chunk: "_Open", asked: list[int], answers: list[Taken]) -> Iterator[Row]:
        """Of the files that can be remembered one by one."""
        for index, (md5, sha256, _, stamp) in zip(asked, answers, strict=True):
            if stamp is not None:
                yield f"{self.path}/{chunk.names[index]}", *stamp, md5, sha256

    def _verified(self, cache: DvcCache, answers: list[Taken]) -> None:
        """A large object that was just written is known to be whole by its stamp."""
        for md5, sha256, size, _ in answers:
            if size >= LARGE:
                self.memory.remember(cache.verified_rows(md5, sha256))

    def _keep(self, chunk: "_Open") -> None:
        entries = cast("tuple[FileEntry, ...]", tuple(chunk.entries))
        cached = self.cache is not None and not chunk.relies
        seen, data, kept = keep(self.memory, self.path, entries, chunk.stamps, cached=cached)
        self._progress.add(len(entries) - chunk.read, 0)
        if not kept:
            self._held[seen.first] = data  # the index cannot be written
        self.chunks.append(seen)


class _Open:
    """A chunk of which something is to be learnt."""

    def __init__(self, names: list[str], stamps: list[Stamp]) -> None:
        self.names, self.stamps = names, stamps
        self.entries: list[FileEntry | None] = [None] * len(names)
        self.asked: list[list[int]] = []
        self.tickets: list[Ticket] = []
        self.relies = False  # on bytes that were sent away from the cache

    def learn(self, asked: list[int], answers: list[Taken]) -> int:
        """Fill in what these files hold; their bytes in all."""
        names, entries, stamps = self.names, self.entries, self.stamps
        total = 0
        for index, (md5, sha256, size, stamp) in zip(asked, answers, strict=True):
            entries[index] = FileEntry(path=names[index], size=size, md5=md5, sha256=Digest(sha256))
            stamps[index] = stamp or _UNKNOWN
            total += size
        return total

    @property
    def read(self) -> int:
        """Files that were read, not remembered."""
        return sum(len(asked) for asked in self.asked)


class _Window:
    """The part of a walk that is being cut into chunks."""

    def __init__(self, batches: Iterator[tuple[list[str], list[Stamp]]]) -> None:
        self._batches = batches
        self.names: list[str] = []
        self.stamps: list[Stamp] = []

    def holds(self, count: int) -> bool:
        """Whether there are so many files, after walking on if need be."""
        while len(self.names) < count:
            batch = next(self._batches, None)
            if batch is None:
                return False
            self.names += batch[0]
            self.stamps += batch[1]
        return True

    def is_chunk(self, count: int) -> bool:
        """Whether the next so many files would be one chunk of a manifest, if none of them begins another."""
        if not self.holds(count + 1):
            return len(self.names) == count
        return count == FULL or begins_chunk(self.names[count])

    def chunk(self) -> int:
        """How many files the next chunk has."""
        size = 1
        while size < FULL and self.holds(size + 1):
            ends = next_start(self.names, size, FULL)
            if ends is not None:
                return ends
            size = min(len(self.names), FULL)
        return size

    def drop(self, count: int) -> None:
        """Go on behind so many files."""
        del self.names[:count]
        del self.stamps[:count]


class _Progress:
    """Says how far it is, at most some times a second."""

    def __init__(self, folder: Path, path: str, report: Report) -> None:
        self._folder, self._path, self._report = folder, path, report
        self._reads = False
        self._files = self._bytes = 0
        self._began = self._said = time.monotonic()
        self._count: Count | None = None

    def add(self, files: int, size: int, *, read: bool = False) -> None:
        """So many more are done; read, or known."""
        self._reads = self._reads or read
        self._files += files
        self._bytes += size
        now = time.monotonic()
        if now - self._said > 0.1:  # noqa: PLR2004 - a tenth of a second
            self._said = now
            if self._count is None and now - self._began > _LONG and self._report is not silent:
                self._count = Count(self._folder)
            files, size = (self._count.result if self._count else None) or (0, 0)
            known = files >= self._files > 0  # else it is not counted yet, or files were added meanwhile
            self._report(
                Event(
                    step=f"{'hash' if self._reads else 'look at'} {self._path}",
                    done=self._files,
                    total=files if known else None,
                    unit="files",
                    bytes=self._bytes,
                    total_bytes=size if known else None,
                )
            )

    def stop(self) -> None:
        """Say nothing any more."""
        if self._count is not None:
            self._count.close()

    def end(self) -> None:
        """All is done."""
        done = self._files
        self.stop()
        if self._reads:
            step = f"hash {self._path}"
            self._report(Event(step=step, done=done, total=done, unit="files", bytes=self._bytes))


def keep(
    memory: Memory, place: str, entries: tuple[FileEntry, ...], stamps: list[Stamp], *, cached: bool
) -> tuple[Seen, bytes, bool]:
    """Remember a chunk: what there is to say of it, its entries encoded, and whether they could be kept."""
    data, packed = encode(entries), _packed(stamps)
    seen = Seen(
        first=entries[0].path,
        files=len(entries),
        bytes=sum(entry.size for entry in entries),
        digest=Digest(sha256_of(data).hexdigest()),
        seal=seal_of([entry.path for entry in entries], packed),
        cached=cached,
    )
    return seen, data, memory.keep(place, seen, entries[-1].path, data, packed)


def over_of(chunks: list[Seen]) -> bytes:
    """What the md5 of a whole folder is remembered by: what its chunks hold.

    Not their seals: files that may still change have no stamp in a seal, so two states could have one.
    """
    return blake2b("".join(chunk.digest for chunk in chunks).encode(), digest_size=16).digest()


def _packed(stamps: list[Stamp]) -> bytes:
    return array("q", chain.from_iterable(stamps)).tobytes()


def unpacked(stamps: bytes) -> Iterator[Stamp]:
    """Stamps as a memory holds them."""
    numbers: array[Any] = array("q", stamps)
    return zip(numbers[0::4], numbers[1::4], numbers[2::4], numbers[3::4], strict=True)

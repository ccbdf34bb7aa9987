"""A file or folder as it stands in the work tree: hashed, listed, and brought into the cache if asked."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import Seen
from mlctl.domain.progress import Event, Report, silent
from mlctl.workspace.dvc_cache import LARGE, DvcCache, taken
from mlctl.workspace.dvc_files import Pointer
from mlctl.workspace.dvc_ignore import ignored_files
from mlctl.workspace.dvc_listing import listing_pieces
from mlctl.workspace.hashing import Stamp, Taker
from mlctl.workspace.scan import Memory, Row, found
from mlctl.workspace.survey import Survey


class Snapshot:
    """What stands there.

    Attributes:
        path: relative to the project.
        md5: DVC's name for it, with ".dir" at the end for a folder.
        bytes, nfiles: in all.
        read: md5, path in the project and stamp of every file that was read, if they are noted.
        clashes: some pairs of a folder's paths that are one to macOS and Windows.
    """

    def __init__(self, path: str, md5: str, size: int, nfiles: int, what: "FileEntry | Survey") -> None:
        self.path, self.md5, self.bytes, self.nfiles = path, md5, size, nfiles
        self._what = what
        self.read: list[tuple[str, str, Stamp]] = what.read if isinstance(what, Survey) else []
        self.clashes: list[tuple[str, str]] = what.clashes if isinstance(what, Survey) else []

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(".dir")

    @property
    def sha256(self) -> Digest | None:
        """Of a file; a folder has a manifest, which has to be written first."""
        return self._what.sha256 if isinstance(self._what, FileEntry) else None

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """All files at once: one with path "" for a file; those of a folder, sorted by path."""
        return tuple(self.entries())

    def entries(self) -> Iterator[FileEntry]:
        """The same one after the other, in flat memory.

        Raises:
            WorkspaceDirty: somebody else has looked at the folder since, and it had changed.
        """
        if isinstance(self._what, FileEntry):
            yield self._what
            return
        for chunk in self._what.chunks:
            yield from self._what.entries(chunk)

    def chunks(self) -> Iterator[tuple[Seen, bytes]]:
        """The chunks of a folder's manifest, and their entries as their objects hold them.

        Raises:
            WorkspaceDirty: as `entries`.
        """
        if isinstance(self._what, Survey):
            for chunk in self._what.chunks:
                yield chunk, self._what.encoded(chunk)

    @property
    def parts(self) -> tuple[Seen, ...]:
        """What there is to say of the chunks of a folder's manifest, without their entries."""
        return tuple(self._what.chunks) if isinstance(self._what, Survey) else ()

    def entries_of(self, chunk: Seen) -> tuple[FileEntry, ...]:
        """The files of one of `parts`.

        Raises:
            WorkspaceDirty: as `entries`.
        """
        return self._what.entries(chunk) if isinstance(self._what, Survey) else ()

    def pointer(self) -> Pointer:
        """The pointer that belongs beside it."""
        return Pointer(
            path=Path(self.path).name,
            md5=self.md5,
            size=self.bytes,
            nfiles=self.nfiles if self.is_folder else None,
        )


def snapshot(
    root: Path,
    path: str,
    *,
    memory: Memory,
    cache: DvcCache | None = None,
    links: Path | None = None,
    note_read: bool = False,
    report: Report = silent,
) -> Snapshot:
    """Look at `path` (relative to the project); with a cache, its bytes are there afterwards, not flushed.

    Args:
        root: the project.
        path: relative to it.
        memory: what is known of files by their stamps.
        cache: takes the bytes.
        links: symbolic links into this cache are files; by default into the one that takes the bytes.
        note_read: fill in `Snapshot.read`.
        report: receives progress events.

    Raises:
        NotFound: it does not exist, or is a folder without files.
        UsageError, InvalidName, PermissionRefused: as `scan.walk`; DiskFull: as the cache.
        WorkspaceDirty: a file that is to be kept changes all the time.
    """
    into = links or (cache.folder if cache else None)
    stamp = found(root, path, into)
    if stamp is not None:
        return _file(root, path, stamp, memory, cache, report)
    survey = Survey(root, path, memory, cache, report)
    survey.run(ignored_files(root, path), into, note_read=note_read)
    if not survey.chunks:
        raise NotFound(f"{path} holds no files", "mlctl data status", path=path)
    return Snapshot(
        path,
        _named(survey, memory, cache),
        sum(chunk.bytes for chunk in survey.chunks),
        sum(chunk.files for chunk in survey.chunks),
        survey,
    )


def _named(survey: Survey, memory: Memory, cache: DvcCache | None) -> str:
    """DVC's name of a folder: remembered, or the md5 of its listing."""
    over = survey.over
    md5 = memory.total(survey.path, over)
    if md5 is not None and (cache is None or cache.has(md5)):
        return md5
    pieces = listing_pieces(survey.entries(chunk) for chunk in survey.chunks)
    if cache is not None:
        md5 = cache.put_pieces(pieces)
    else:
        hashed = hashlib.md5(usedforsecurity=False)
        for piece in pieces:
            hashed.update(piece)
        md5 = f"{hashed.hexdigest()}.dir"
    memory.finish(survey.path, survey.chunks, over, md5)
    return md5


def _file(
    root: Path, path: str, stamp: Stamp, memory: Memory, cache: DvcCache | None, report: Report
) -> Snapshot:
    row = memory.recall(path, path).get(path)
    if row is None or row[1:5] != stamp or (cache is not None and not cache.has(row[5])):
        row = _read(root, path, stamp, memory, cache)
        report(Event(step=f"hash {path}", done=1, total=1, unit="files", bytes=row[1]))
        fresh = [(row[5], path, stamp)]
    else:
        fresh = []
    entry = FileEntry(path="", size=row[1], md5=row[5], sha256=Digest(row[6]))
    seen = Snapshot(path, entry.md5, entry.size, 1, entry)
    seen.read = fresh
    return seen


def _read(root: Path, path: str, stamp: Stamp, memory: Memory, cache: DvcCache | None) -> Row:
    if cache is not None:
        cache.prepare()
    folder = (root / path).parent
    where = (str(cache.folder), cache.folder_mode) if cache else (None, 0)
    taker = Taker(str(folder), *where)
    try:
        md5, sha256, size, seen = taken(taker.do([(Path(path).name, stamp)])[0], folder)
    finally:
        taker.close()
    if cache is not None:
        cache.took([md5])
    row = (path, *(seen or (size, 0, 0, 0)), md5, sha256)
    if seen is not None:
        memory.remember([row])
    if cache is not None and size >= LARGE:
        memory.remember(cache.verified_rows(md5, sha256))
    return row

"""Brings many files from the cache back into the work tree: verified, in parallel, remembered.

What was brought back is known by its stamp afterwards, so that the next look at it hashes nothing.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from mlctl.domain.dataset import FileEntry
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import FULL, Seen, begins_chunk
from mlctl.domain.progress import Event, Report
from mlctl.workspace.dvc_cache import LARGE, VERIFIED, DvcCache
from mlctl.workspace.dvc_files import DvcSettings
from mlctl.workspace.hashing import Failed, Stamp, Taken
from mlctl.workspace.restoring import Restorer, Wanted
from mlctl.workspace.scan import Memory, Row
from mlctl.workspace.survey import keep, over_of
from mlctl.workspace.workers import Job, Workers

ASIDE = ".dvc/tmp"
"""Where files are written before they are renamed: on the disk of the project, and nobody's data."""

_FILES = 256  # in a batch
_FEW = 600  # files below which starting workers costs more than it saves
_AHEAD = 64  # batches
_TICK = 0.02  # seconds; the clock of a file system goes on by less


def bring_back(
    root: Path,
    wanted: Sequence[tuple[str, str] | tuple[str, str, Stamp]],
    settings: DvcSettings,
    *,
    memory: Memory,
    whole: tuple[str, str] | None,
    step: str,
    report: Report,
) -> None:
    """Make every path hold its bytes; each is whole, or what it was before.

    Args:
        root: the project.
        wanted: md5, path relative to the project, and perhaps the stamp that what is there must still have.
        settings: where the cache is, and how its files get into the work tree.
        memory: told of what stands there now.
        whole: path and md5 of the folder of which these are all files, in order; None where they are not.
        step: of the progress events.
        report: receives them.

    Raises:
        Missing, Corrupt: an object is; what came before it is there already.
        DiskFull, PermissionRefused: as the system said.
    """
    cache = DvcCache.of(settings)
    cache.prepare()
    (root / ASIDE).mkdir(parents=True, exist_ok=True)
    arguments = (str(root), str(cache.folder), ASIDE, settings.links)
    known = {row[5]: (row[6], row[1:5]) for row in memory.recall(VERIFIED, f"{VERIFIED}~").values()}
    batches = (
        [_item(item, known) for item in wanted[begin : begin + _FILES]]
        for begin in range(0, len(wanted), _FILES)
    )
    answers = _here(arguments, batches) if len(wanted) <= _FEW else _by_workers(arguments, batches)
    folder = _Folder(memory, *whole) if whole else None
    done = size = 0
    for items, results in answers:
        rows: list[Row] = []
        for item, result in zip(items, results, strict=False):  # after a failure the rest is left out
            path = item[1]
            md5, sha256, length, stamp = cache.restored(item[0], result, root)
            size += length
            if stamp is not None:
                rows.append((path, *stamp, md5, sha256))
            if length >= LARGE:
                memory.remember(cache.verified_rows(md5, sha256))
        if folder is None:
            memory.remember(rows)
        else:
            folder.add(rows)
        done += len(items)
        report(Event(step=step, done=done, total=len(wanted), unit="files", bytes=size))
    if folder is not None:
        folder.end()
    if wanted:
        time.sleep(_TICK)  # whoever writes to one of them from now on changes its stamp


def _item(item: tuple[str, str] | tuple[str, str, Stamp], known: dict[str, tuple[str, Stamp]]) -> Wanted:
    expected = item[2] if len(item) == 3 else None  # noqa: PLR2004 - with a stamp
    return item[0], item[1], expected, known.get(item[0])


class _Folder:
    """Remembers a whole folder as a survey of it would, while its files are brought back in order."""

    def __init__(self, memory: Memory, path: str, md5: str) -> None:
        self._memory, self._path, self._md5 = memory, path, md5
        self._chunks: list[Seen] = []
        self._entries: list[FileEntry] = []
        self._stamps: list[Stamp] = []

    def add(self, rows: list[Row]) -> None:
        """The next files."""
        for path, size, mtime, ctime, inode, md5, sha256 in rows:
            name = path[len(self._path) + 1 :]
            if self._entries and (len(self._entries) == FULL or begins_chunk(name)):
                self._keep()
            self._entries.append(FileEntry(path=name, size=size, md5=md5, sha256=Digest(sha256)))
            self._stamps.append((size, mtime, ctime, inode))

    def end(self) -> None:
        """There are no more."""
        if self._entries:
            self._keep()
        self._memory.finish(self._path, self._chunks, over_of(self._chunks), self._md5)

    def _keep(self) -> None:
        seen, _, _ = keep(self._memory, self._path, tuple(self._entries), self._stamps, cached=True)
        self._chunks.append(seen)
        self._entries, self._stamps = [], []


Answers = Iterator[tuple[list[Wanted], list[Taken | Failed]]]


def _here(arguments: tuple[str, str, str, tuple[str, ...]], batches: Iterable[list[Wanted]]) -> Answers:
    restorer = Restorer(*arguments)
    try:
        for items in batches:
            yield items, restorer.do(items)
    finally:
        restorer.close()


def _by_workers(arguments: tuple[str, str, str, tuple[str, ...]], batches: Iterator[list[Wanted]]) -> Answers:
    workers = Workers("restore", *arguments)
    under_way: deque[Job] = deque()
    finished = False
    try:
        under_way.extend(workers.submit(items) for items in islice(batches, _AHEAD))
        while under_way:
            job = under_way.popleft()
            yield job.items, job.result()
            under_way.extend(workers.submit(items) for items in islice(batches, 1))
        finished = True
    finally:
        workers.close(abort=not finished)

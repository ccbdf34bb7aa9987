"""Brings many files from the cache back into the work tree: verified, in parallel, remembered.

What was brought back is known by its stamp afterwards, so that the next look at it hashes nothing.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from mlctl.domain.dataset import FileEntry
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import FULL, Seen, next_start
from mlctl.domain.progress import Event, Report
from mlctl.workspace.cache_trust import Trust
from mlctl.workspace.dvc_cache import LARGE, VERIFIED, DvcCache
from mlctl.workspace.dvc_files import DvcSettings
from mlctl.workspace.hashing import Failed, Stamp, Taken
from mlctl.workspace.restoring import Known, Restorer, Wanted
from mlctl.workspace.scan import Memory, Row
from mlctl.workspace.survey import keep, over_of
from mlctl.workspace.workers import Job, Workers

ASIDE = ".dvc/tmp"
"""Where files are written before they are renamed: on the disk of the project, and nobody's data."""

Piece = tuple[str, str, Stamp | None, str]
"""md5; path relative to the project; the stamp that what is there must still have, if any; sha256 or "" """

_FILES = 256  # in a batch
_UNKNOWN: Stamp = (0, 0, 0, 0)
_FEW = 600  # files below which starting workers costs more than it saves
_AHEAD = 64  # batches
_TICK = 0.02  # seconds; the clock of a file system goes on by less


def bring_back(
    root: Path,
    wanted: Iterable[Piece],
    settings: DvcSettings,
    *,
    count: int,
    memory: Memory,
    whole: tuple[str, str] | None,
    step: str,
    report: Report,
) -> None:
    """Make every path hold its bytes; each is whole, or what it was before.

    Args:
        root: the project.
        wanted: what is to stand where; asked for while the first of it is brought back.
        settings: where the cache is, and how its files get into the work tree.
        count: of what is wanted.
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
    verified = memory.recall(VERIFIED, f"{VERIFIED}~").values()
    known: dict[str, Known] = {row[5]: (row[6], row[1:5]) for row in verified}
    batches = _batches(wanted, known)
    answers = _here(arguments, batches) if count <= _FEW else _by_workers(arguments, batches)
    folder = _Folder(memory, *whole) if whole else None
    trust = Trust(memory, whole[0], cache) if whole else None
    done = size = 0
    for items, results in answers:
        good = [result for result in results if len(result) == 4]  # noqa: PLR2004 - a Failed has three
        size += sum(result[2] for result in good)
        for md5, sha256, length, _ in good:
            if length >= LARGE:
                memory.remember(cache.verified_rows(md5, sha256))
        if folder is None:
            memory.remember([*_rows(items, good)])
        elif len(good) == len(items):
            folder.add(items, good)
        if len(good) < len(items):  # after a failure the rest is left out
            cache.restored(items[len(good)][0], results[len(good)], root)
        done += len(items)
        report(Event(step=step, done=done, total=count, unit="files", bytes=size))
    if folder is not None and trust is not None:
        folder.end()
        trust.renew()
    if done:
        time.sleep(_TICK)  # whoever writes to one of them from now on changes its stamp


def _batches(pieces: Iterable[Piece], known: dict[str, Known]) -> Iterator[list[Wanted]]:
    following = iter(pieces)
    while True:
        batch: list[Wanted] = [
            (md5, path, expected, known.get(md5) or ((sha256, None) if sha256 else None))
            for md5, path, expected, sha256 in islice(following, _FILES)
        ]
        if not batch:
            return
        yield batch


def _rows(items: list[Wanted], results: list[Taken]) -> Iterator[Row]:
    for item, (md5, sha256, _, stamp) in zip(items, results, strict=False):
        if stamp is not None:
            yield item[1], *stamp, md5, sha256


class _Folder:
    """Remembers a whole folder as a survey of it would, while its files are brought back in order."""

    def __init__(self, memory: Memory, path: str, md5: str) -> None:
        self._memory, self._path, self._md5 = memory, path, md5
        self._chunks: list[Seen] = []
        self._names: list[str] = []
        self._entries: list[FileEntry] = []
        self._stamps: list[Stamp] = []

    def add(self, items: list[Wanted], results: list[Taken]) -> None:
        """The next files."""
        cut, looked = len(self._path) + 1, len(self._names)
        self._names += [item[1][cut:] for item in items]
        self._entries += [
            FileEntry(path=name, size=size, md5=md5, sha256=Digest(sha256))
            for name, (md5, sha256, size, _) in zip(self._names[looked:], results, strict=True)
        ]
        self._stamps += [result[3] or _UNKNOWN for result in results]
        while True:
            start = next_start(self._names, max(looked, 1), FULL)
            if start is None and len(self._names) <= FULL:
                return
            self._keep(FULL if start is None else start)
            looked = 0

    def end(self) -> None:
        """There are no more."""
        if self._entries:
            self._keep(len(self._entries))
        self._memory.finish(self._path, self._chunks, over_of(self._chunks), self._md5)

    def _keep(self, count: int) -> None:
        entries = tuple(self._entries[:count])
        seen, _, _ = keep(self._memory, self._path, entries, self._stamps[:count], cached=True)
        self._chunks.append(seen)
        del self._names[:count], self._entries[:count], self._stamps[:count]


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

"""What differs between two sets of files: added, removed, changed, renamed (same content, other path).

Reads its input once. Renames are sought among at most `MOST_RENAMES` files that came or went. What takes
memory is those and the changes that are listed, never the files that are equal.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from heapq import nsmallest

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.records import Record

MOST_RENAMES = 100_000
"""Files that came and files that went, each, among which renames are sought."""

Pair = tuple[FileEntry | None, FileEntry | None]
"""A file before and after; None where it was not there."""


class FileChange(Record, frozen=True, kw_only=True):
    """One file that differs.

    Attributes:
        change: "added", "removed", "changed" or "renamed".
        path: where it is now, or was last; relative to the folder, "" for a dataset that is one file.
        was: the path before, of a renamed one.
        old_size, new_size: bytes; None where there is no such side.
    """

    change: str
    path: str
    was: str | None = None
    old_size: int | None = None
    new_size: int | None = None


class Amount(Record, frozen=True, kw_only=True):
    """Files and the bytes in them."""

    files: int = 0
    bytes: int = 0


class Tally(Record, frozen=True, kw_only=True):
    """How much differs.

    Attributes:
        changed: the bytes are those of the new files.
        renames_sought: False where too many files came and went; renamed ones then count as both.
    """

    added: Amount = Amount()
    removed: Amount = Amount()
    changed: Amount = Amount()
    renamed: Amount = Amount()
    renames_sought: bool = True

    @property
    def different(self) -> bool:
        """Whether anything differs."""
        return any(one.files for one in (self.added, self.removed, self.changed, self.renamed))


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.

    Attributes:
        files: the first changes by path; `more` others are counted and not listed.
    """

    tally: Tally
    files: tuple[FileChange, ...]
    more: int


def compare(pairs: Iterable[Pair], *, limit: int, most: int = MOST_RENAMES) -> Compared:
    """Tell what differs.

    Args:
        pairs: files that differ, or all; in order of their paths.
        limit: changes to list; all are counted.
        most: see `MOST_RENAMES`.
    """
    counts = {kind: [0, 0] for kind in ("added", "removed", "changed", "renamed")}
    found = _Changes(pairs, most)
    counted = _counted(found, counts)
    listed = nsmallest(limit, counted, key=lambda change: (change.path, change.change))
    deque(counted, maxlen=0)  # nsmallest(0) takes nothing
    total = sum(files for files, _ in counts.values())
    amounts = {kind: Amount(files=files, bytes=size) for kind, (files, size) in counts.items()}
    tally = Tally(**amounts, renames_sought=found.renames_sought)
    return Compared(tally=tally, files=tuple(listed), more=total - len(listed))


class _Changes:
    """The changes that pairs make, in no order."""

    def __init__(self, pairs: Iterable[Pair], most: int) -> None:
        self.renames_sought = True
        self._pairs = pairs
        self._most = most

    def __iter__(self) -> Iterator[FileChange]:
        came: list[FileEntry] = []
        went: list[FileEntry] = []
        for old, new in self._pairs:
            if old is not None and new is not None:
                if old.md5 != new.md5:
                    yield FileChange(change="changed", path=new.path, old_size=old.size, new_size=new.size)
            elif new is not None:
                came.append(new)
            elif old is not None:
                went.append(old)
            if max(len(came), len(went)) > self._most:
                self.renames_sought = False
            if not self.renames_sought:  # too many to hold: told as they come
                yield from map(_added, came)
                yield from map(_removed, went)
                came, went = [], []
        yield from _matched(came, went)


def _counted(changes: Iterable[FileChange], counts: dict[str, list[int]]) -> Iterator[FileChange]:
    for change in changes:
        count = counts[change.change]
        count[0] += 1
        count[1] += (change.old_size or 0) if change.new_size is None else change.new_size
        yield change


def merged(old: Iterable[FileEntry], new: Iterable[FileEntry]) -> Iterator[Pair]:
    """Two lists of files, each in order of its paths, side by side."""
    olds, news = iter(old), iter(new)
    left, right = next(olds, None), next(news, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.path < right.path):
            yield left, None
            left = next(olds, None)
        elif left is None or right.path < left.path:
            yield None, right
            right = next(news, None)
        else:
            yield left, right
            left, right = next(olds, None), next(news, None)


def below(pairs: Iterable[Pair], under: str) -> Iterator[Pair]:
    """The pairs of the file `under`, or of the files below the folder `under`; all where it is ""."""
    for old, new in pairs:
        entry = new if old is None else old
        if entry is not None and is_below(entry.path, under):
            yield old, new


def is_below(path: str, under: str) -> bool:
    """Whether a file is `under` itself or below it."""
    plain = under.rstrip("/")
    return not plain or path == plain or path.startswith(f"{plain}/")


def _matched(came: list[FileEntry], went: list[FileEntry]) -> Iterator[FileChange]:
    """Files that went and came back under another path; each is matched once, in order of the paths."""
    by_content: dict[str, deque[FileEntry]] = defaultdict(deque)
    for entry in went:
        by_content[entry.md5].append(entry)
    for entry in came:
        if waiting := by_content.get(entry.md5):
            old = waiting.popleft()
            yield FileChange(
                change="renamed", path=entry.path, was=old.path, old_size=old.size, new_size=entry.size
            )
        else:
            yield _added(entry)
    for waiting in by_content.values():
        yield from map(_removed, waiting)


def _added(entry: FileEntry) -> FileChange:
    return FileChange(change="added", path=entry.path, new_size=entry.size)


def _removed(entry: FileEntry) -> FileChange:
    return FileChange(change="removed", path=entry.path, old_size=entry.size)

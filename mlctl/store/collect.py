"""Collects into the trash what nothing needs: of DVC's cache, of objects, facts and broken-off runs.

Writers are not locked out. What is younger than a lease stays, and a writer that finds its bytes stored
already renews their lease; a file whose lease was renewed while it was moved goes back. So nothing that is
about to be named is ever taken away.
"""

import re
import stat
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from mlctl.domain.progress import Event, Report, silent
from mlctl.store.trash import Trash, files_below

_NAME = re.compile(r"[0-9a-f]{30}(\.dir)?\Z")
_SHOWN = 20
_STEP = 1024


class Tally(msgspec.Struct):
    """Counts files while they are gone through.

    Attributes:
        paths: of the first few, relative to the place that they were in.
    """

    files: int = 0
    bytes: int = 0
    paths: list[str] = msgspec.field(default_factory=list)

    def add(self, path: str, size: int) -> None:
        """Count one."""
        self.files += 1
        self.bytes += size
        if len(self.paths) < _SHOWN:
            self.paths.append(path)


class Wanted:
    """The data that something needs, by md5 (as 16 bytes), with the reason that was found first."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._files: dict[bytes, int] = {}
        self._listings: dict[bytes, int] = {}

    def add(self, md5: str, reason: str) -> bool:
        """Keep this; whether it was not kept before."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        table = self._listings if md5.endswith(".dir") else self._files
        key = bytes.fromhex(md5[:32])
        if key in table:
            return False
        table[key] = self.reasons.index(reason)
        return True

    def why(self, md5: str) -> str | None:
        """Why it is kept, or None where nothing needs it."""
        number = (self._listings if md5.endswith(".dir") else self._files).get(bytes.fromhex(md5[:32]))
        return None if number is None else self.reasons[number]


def cache_files(cache: Path) -> Iterator[tuple[str, Path]]:
    """(md5, path) of everything in DVC's cache: first all listings of folders, then all files."""
    top = cache / "files" / "md5"
    folders = [
        folder
        for folder in (sorted(top.iterdir()) if top.is_dir() else ())
        if re.fullmatch("[0-9a-f]{2}", folder.name) and folder.is_dir()
    ]
    for listings in (True, False):
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if _NAME.match(path.name) and path.name.endswith(".dir") is listings:
                    yield folder.name + path.name, path


class Collector:
    """Takes unneeded files of one place away, or only counts them.

    Attributes:
        gone: what was (or would be) taken.
        young: what nothing needs and is too young to go.
        kept: by reason.
    """

    def __init__(
        self, place: Path, *, moment: datetime, lease: float, act: bool, report: Report = silent
    ) -> None:
        self.gone, self.young = Tally(), Tally()
        self.kept: dict[str, Tally] = {}
        self._place = place
        self._trash = Trash(place)
        self._moment = moment
        self._lease = lease
        self._act = act
        self._report = report
        self._seen = 0

    def cache(self, wanted: Wanted) -> None:
        """Go through DVC's cache."""
        for md5, path in cache_files(self._place):
            reason = wanted.why(md5)
            self._looked("look through the cache")
            if reason is None:
                self._take(path)
            elif (found := _status(path)) is not None:
                self.kept.setdefault(reason, Tally()).add(md5, found[0])

    def files(self, paths: Iterable[Path]) -> None:
        """Go through files that nothing needs."""
        for path in paths:
            self._looked("look through the store")
            self._take(path)

    def young_ones(self, paths: Iterable[Path]) -> bool:
        """Whether any of these files is too young to go; then all of them are counted as such."""
        found = [(path, status) for path in paths if (status := _status(path)) is not None]
        if not any(self._is_young(path) for path, _ in found):
            return False
        for path, (size, _) in found:
            self.young.add(path.relative_to(self._place).as_posix(), size)
        return True

    def give_back(self, paths: Iterable[Path]) -> None:
        """Bring files back that it has just taken: somebody needs them after all."""
        for path in paths:
            moved = self._trash.place_of(path, self._moment)
            found = _status(moved)
            if found is not None and self._trash.give_back(moved, _collection(moved, self._place)):
                self.gone.files -= 1
                self.gone.bytes -= found[0]

    def folder(self, path: Path, *, kept: str | None = None) -> None:
        """Take a folder whole, or keep it for a reason; the caller holds its lock.

        It is as young as the youngest that it holds.
        """
        found = [(file, status) for file in files_below(path) if (status := _status(file)) is not None]
        young = self._is_young(path) or any(self._is_young(file) for file, _ in found)
        tally = self.young if young else self.gone if kept is None else self.kept.setdefault(kept, Tally())
        if tally is self.gone and self._act and self._trash.take(path, self._moment) is None:
            return
        for file, (size, _) in found:
            tally.add(file.relative_to(self._place).as_posix(), size)

    def _looked(self, step: str) -> None:
        self._seen += 1
        if self._seen % _STEP == 0:
            self._report(Event(step=step, done=self._seen, unit="files"))

    def _is_young(self, path: Path) -> bool:
        """Whether the lease still runs; a time in the future (a clock that went back) counts as young."""
        try:
            status = path.lstat()
        except FileNotFoundError:
            return False
        return time.time() - max(status.st_mtime, status.st_ctime) < self._lease

    def _take(self, path: Path) -> None:
        found = _status(path)
        if found is None:
            return
        size, written = found
        relative = path.relative_to(self._place).as_posix()
        if self._is_young(path):
            self.young.add(relative, size)
            return
        if self._act:
            moved = self._trash.take(path, self._moment)
            if moved is None:
                return
            again = _status(moved)
            if again is not None and again[1] != written:  # its lease was renewed between look and move
                self._trash.give_back(moved, _collection(moved, self._place))
                self.young.add(relative, size)
                return
        self.gone.add(relative, size)


def _collection(moved: Path, place: Path) -> Path:
    """The folder of the collection that a file was moved to."""
    return place.joinpath(*moved.relative_to(place).parts[:2])


def _status(path: Path) -> tuple[int, int] | None:
    """(size, mtime in ns) of a plain file; None where there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None

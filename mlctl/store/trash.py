"""What was collected and can be brought back: files moved below `trash/<time>/`, under the paths they had.

Moving is a rename on one disk, so a file is in its place or in the trash, whatever kills the process.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from mlctl.store.files import explained

FOLDER = "trash"
DAMAGED = "damaged"
"""Where `fsck --repair` puts what it replaces: nothing is brought back from there."""
_WHOLE = "live/runs/*"
"""Folders that are taken whole: of runs that were broken off."""
_FORMAT = "%Y%m%dT%H%M%SZ"


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """What one `gc` took away from one place.

    Attributes:
        time: of it, as in its folder's name: "20261101T120000Z".
    """

    time: str
    folder: Path
    files: int
    bytes: int

    def older_than(self, span: timedelta, now: datetime) -> bool:
        """Whether it was made that long ago."""
        return now - datetime.strptime(self.time, _FORMAT).replace(tzinfo=UTC) >= span


class Trash:
    """The trash of one place: a repository's store or a cache.

    Attributes:
        place: the folder whose files it takes.
        folder: below it, that they are moved to.
    """

    def __init__(self, place: Path, folder: str = FOLDER) -> None:
        self.place = place
        self.folder = place / folder
        self._made: set[Path] = set()

    def place_of(self, path: Path, moment: datetime) -> Path:
        """Where a file of the place is after it was taken then."""
        return self.folder / moment.strftime(_FORMAT) / path.relative_to(self.place)

    def take(self, path: Path, moment: datetime) -> Path | None:
        """Move a file of the place away; where it is now, or None where it was gone already."""
        target = self.place_of(path, moment)
        with explained(target):
            if target.parent not in self._made:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(target.parent)
            try:
                path.rename(target)
            except FileNotFoundError:
                return None
        return target

    def give_back(self, path: Path, collection: Path) -> bool:
        """Bring a file back; False where the place has it again, or it has gone."""
        target = self.place / path.relative_to(collection)
        with explained(target):
            if target.exists():
                path.unlink(missing_ok=True)
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.rename(target)
            except FileNotFoundError:
                return False
        return True

    def folders(self) -> list[Path]:
        """Those of all collections, oldest first."""
        return sorted(self.folder.glob("[0-9]*T[0-9]*Z"))

    def collections(self) -> list[Collection]:
        """What is in the trash, oldest first."""
        found = []
        for folder in self.folders():
            sizes = [path.lstat().st_size for path in files_below(folder)]
            found.append(Collection(time=folder.name, folder=folder, files=len(sizes), bytes=sum(sizes)))
        return found

    def restore(self, collection: Collection) -> int:
        """Bring everything of a collection back, what names others last; how many files that was."""
        count = sum(self._give_back_whole(path, collection.folder) for path in collection.folder.glob(_WHOLE))
        files = sorted(
            files_below(collection.folder), key=lambda path: (path.name.endswith((".dir", ".json")), path)
        )
        count += sum(self.give_back(path, collection.folder) for path in files)
        self.empty(collection)
        return count

    def _give_back_whole(self, folder: Path, collection: Path) -> int:
        """Bring a folder back with all links and empty folders in it; how many files it holds."""
        target = self.place / folder.relative_to(collection)
        if not folder.is_dir() or folder.is_symlink() or target.exists():
            return 0
        count = sum(1 for _ in files_below(folder))
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(target)
        return count

    def empty(self, collection: Collection) -> None:
        """Remove a collection for good."""
        shutil.rmtree(collection.folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.rmdir()


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    for parent, _folders, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)

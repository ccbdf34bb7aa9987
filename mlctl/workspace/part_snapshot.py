"""A part of a folder as it stands: what is known of the whole's files, below one path. Nothing is read."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.manifest import Seen
from mlctl.workspace.dvc_listing import listing_pieces
from mlctl.workspace.snapshot import Snapshot


class PartSnapshot(Snapshot):
    """A subfolder or one file of a whole. Paths are relative to the subfolder."""

    def __init__(self, path: str, under: str, whole: Callable[[], Iterable[FileEntry]]) -> None:
        """Count and name what is there.

        Args:
            path: of the part, relative to the project.
            under: the same, relative to the whole; "" for the whole itself.
            whole: the files of the whole in order of their paths, at least those below `under`; asked for
                more than once.

        Raises:
            NotFound: the whole has nothing there.
        """
        self._under, self._whole = under, whole
        first = next(self._below(), None)
        if first is None:
            raise NotFound(f"{path} holds no files", "mlctl data status", path=path)
        if first.path == "":
            super().__init__(path, first.md5, first.size, 1, first)
            return
        size = count = 0

        def counted() -> Iterator[FileEntry]:
            nonlocal size, count
            for entry in self._below():
                size += entry.size
                count += 1
                yield entry

        named = hashlib.md5(usedforsecurity=False)
        for piece in listing_pieces([counted()]):
            named.update(piece)
        super().__init__(path, f"{named.hexdigest()}.dir", size, count, first)

    @property
    def sha256(self) -> Digest | None:
        """Of a file."""
        return None if self.is_folder else super().sha256

    def entries(self) -> Iterator[FileEntry]:
        """The files, one after the other."""
        return self._below()

    def chunks(self) -> Iterator[tuple[Seen, bytes]]:
        """None: the manifest of a part is written from its entries."""
        return iter(())

    def _below(self) -> Iterator[FileEntry]:
        if not self._under:
            yield from self._whole()
            return
        start = f"{self._under}/"
        for entry in self._whole():
            if entry.path == self._under:
                yield msgspec.structs.replace(entry, path="")
            elif entry.path.startswith(start):
                yield msgspec.structs.replace(entry, path=entry.path[len(start) :])

"""Checkpoints: caches of the log's fold, which verify themselves and name the entry they stand on.

A sealed line with the table of contents, and after it the pages (`store.pages`): a reader reads those that it
asks for. One that is damaged is passed over; deleting all of them loses nothing but time.
"""

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from mlctl.domain.errors import Corrupt, MlctlError
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.records import decode, encode
from mlctl.domain.stacks import Stacks
from mlctl.store.files import Files
from mlctl.store.layout import FORMAT, Layout, file_number
from mlctl.store.pages import Contents, DamagedPage, Paged, in_memory, paged
from mlctl.store.sealed_line import seal, unseal

EVERY = 64
"""Decisions between two checkpoints."""
MOVED = 4096
"""Names that have moved after which there is one sooner."""
_KEPT = 2


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fold of the log up to one decision.

    Attributes:
        number, sha256: of the last decision folded in.
        names: all of them, as checkpoints of before held them.
        contents: of the pages that follow.
    """

    format: int
    number: int
    sha256: Digest
    names: Names | None = None
    contents: Contents | None = None


class Checkpoints:
    """The checkpoints of a repository."""

    def __init__(self, layout: Layout, files: Files, fold: Callable[[int], Names]) -> None:
        """Prepare; nothing is read yet.

        Args:
            layout: of the repository.
            files: of the repository.
            fold: makes the names after a decision from the log alone, where a page turns out damaged.
        """
        self._layout = layout
        self._files = files
        self._fold = fold

    def numbers(self) -> list[int]:
        """The decisions for which a checkpoint's file stands, newest first."""
        with suppress(FileNotFoundError):
            found = (file_number(path.name) for path in self._layout.checkpoints.iterdir())
            return sorted((number for number in found if number is not None), reverse=True)
        return []

    def read(self, number: int) -> Names:
        """The names that one checkpoint holds; its pages are read, and verified, when they are asked for.

        Raises:
            Corrupt: it is damaged, or says it is another.
        """
        path = self._layout.checkpoint(number)
        with path.open("rb") as file:
            checkpoint = _decoded(path, unseal(path, file.readline() + file.readline()))
            contents, start = checkpoint.contents, file.tell()
            pages = [*contents.names, *contents.values] if contents is not None else []
            whole = os.fstat(file.fileno()).st_size == start + sum(page.size for page in pages)
            names = checkpoint.names if contents is None else self._on_pages(path, checkpoint, file, start)
        said = (checkpoint.number, checkpoint.number, checkpoint.sha256, checkpoint.format)
        if names is None or not whole or said != (number, names.head, names.parent, FORMAT):
            raise Corrupt(
                f"{path} is cut, or is the checkpoint of decision {checkpoint.number}",
                "mlctl fsck",
                path=str(path),
            )
        return names

    def whole(self, number: int) -> Names:
        """The names that one checkpoint holds, all of them read.

        Raises:
            Corrupt: as `read`, or a page is damaged.
        """
        names, path = self.read(number), self._layout.checkpoint(number)
        if isinstance(names.effects, Stacks) and isinstance(ground := names.effects.ground, Paged):
            try:
                ground.check()
            except DamagedPage as error:
                raise Corrupt(f"{path} is damaged: {error}", "mlctl fsck", path=str(path)) from error
            names.effects = dict(names.effects)
        return names

    def newest(self) -> Names | None:
        """Those of the newest one that is not damaged."""
        for number in self.numbers():
            with suppress(MlctlError, OSError):
                return self.read(number)
        return None

    def write(self, names: Names) -> bool:
        """Keep this fold and of the older ones the newest; a failure (False) costs nothing but that."""
        if names.parent is None:
            return False
        contents, pages = paged(names)
        head = Checkpoint(format=FORMAT, number=names.head, sha256=names.parent, contents=contents)
        data = b"".join([seal(encode(head)), *pages])
        with suppress(MlctlError, OSError):
            self._files.replace(self._layout.checkpoint(names.head), data, mode=0o444)
            for number in self.numbers()[_KEPT:]:
                self._layout.checkpoint(number).unlink(missing_ok=True)
            return True
        return False

    def _on_pages(self, path: Path, checkpoint: Checkpoint, file: IO[bytes], start: int) -> Names | None:
        contents = checkpoint.contents
        if contents is None:
            return None
        descriptor = os.dup(file.fileno())  # stays readable when the file has given way to a newer one

        def again() -> Paged:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            names = self._fold(checkpoint.number)
            if names.parent != checkpoint.sha256:
                raise Corrupt(f"{path} is damaged, and the log has changed", "mlctl fsck", path=str(path))
            return in_memory(names)

        ground = Paged(contents, lambda at, size: os.pread(descriptor, size, start + at), again)
        weakref.finalize(ground, os.close, descriptor)
        return Names(
            head=checkpoint.number,
            parent=checkpoint.sha256,
            committed_at=contents.committed_at,
            effects=Stacks(ground),
            undone=contents.undone,
            highest=contents.highest,
        )


def _decoded(path: Path, body: bytes) -> Checkpoint:
    try:
        return decode(body, Checkpoint)
    except msgspec.DecodeError as error:
        raise Corrupt(f"{path} is no checkpoint: {error}", "mlctl fsck", path=str(path)) from error

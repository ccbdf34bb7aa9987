"""Checkpoints: caches of the log's fold, which verify themselves and name the entry they stand on.

A reader ignores one that is damaged; deleting all of them loses nothing but time.
"""

from contextlib import suppress

import msgspec

from mlctl.domain.errors import Corrupt, MlctlError
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.records import decode, encode
from mlctl.store.files import Files
from mlctl.store.layout import FORMAT, Layout, file_number
from mlctl.store.sealed_line import seal, unseal

EVERY = 64
"""Decisions between two checkpoints."""
_KEPT = 2


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of the log up to one decision.

    Attributes:
        number, sha256: of the last decision folded in.
    """

    format: int
    number: int
    sha256: Digest
    names: Names


class Checkpoints:
    """The checkpoints of a repository."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._files = files

    def numbers(self) -> list[int]:
        """The decisions for which a checkpoint's file stands, newest first."""
        with suppress(FileNotFoundError):
            found = (file_number(path.name) for path in self._layout.checkpoints.iterdir())
            return sorted((number for number in found if number is not None), reverse=True)
        return []

    def read(self, number: int) -> Checkpoint:
        """One checkpoint, verified in itself.

        Raises:
            Corrupt: it is damaged, or says it is another.
        """
        path = self._layout.checkpoint(number)
        body = unseal(path, path.read_bytes())
        try:
            checkpoint = decode(body, Checkpoint)
        except msgspec.DecodeError as error:
            raise Corrupt(f"{path} is no checkpoint: {error}", "mlctl fsck", path=str(path)) from error
        names = checkpoint.names
        if (checkpoint.number, checkpoint.number, checkpoint.sha256) != (number, names.head, names.parent):
            raise Corrupt(
                f"{path} is the checkpoint of decision {checkpoint.number}", "mlctl fsck", path=str(path)
            )
        return checkpoint

    def newest(self) -> Checkpoint | None:
        """The newest one that is not damaged."""
        for number in self.numbers():
            with suppress(MlctlError, OSError):
                checkpoint = self.read(number)
                if checkpoint.format == FORMAT:
                    return checkpoint
        return None

    def write(self, names: Names) -> None:
        """Keep this fold and of the older ones the newest. A failure costs nothing but the checkpoint."""
        if names.parent is None:
            return
        body = encode(Checkpoint(format=FORMAT, number=names.head, sha256=names.parent, names=names))
        with suppress(MlctlError, OSError):
            self._files.replace(self._layout.checkpoint(names.head), seal(body), mode=0o444)
            for number in self.numbers()[_KEPT:]:
                self._layout.checkpoint(number).unlink(missing_ok=True)

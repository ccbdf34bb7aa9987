"""What a server should be serving."""

from pathlib import Path
from typing import Protocol

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A model version with its number, and the folder that holds its verified artefacts.

    Attributes:
        stage: the stage that holds it, or None where a fixed version is served.
        decision: number of the decision that put it there, or None.
    """

    digest: Digest
    version: int
    model: ModelVersion
    folder: Path
    stage: str | None = None
    decision: int | None = None


class Pointer(Protocol):
    """The version that a name holds now.

    Guaranteed: `peek` is cheap (a stat or a listing) and may be called many times a second from any thread;
    `resolve` checks every digest before it returns.
    """

    def peek(self) -> Digest | None:
        """The digest that the name means now; None where it means nothing."""

    def resolve(self) -> Held:
        """The version that the name means now, its files verified.

        Raises:
            NotFound: the name means nothing.
            Corrupt, Missing: its files are damaged; the caller keeps what it serves.
        """

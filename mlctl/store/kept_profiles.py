"""Profiles of folders by the digest of their manifest; disposable, under `.mlctl/index/profiles/`.

A manifest never changes, so what was worked out of it stays true. Damage, a full or a read-only disk cost
time, never an answer.
"""

import contextlib
import os
import secrets
from pathlib import Path

from mlctl.domain.errors import Corrupt
from mlctl.domain.ids import Digest
from mlctl.store.sealed_line import seal, unseal


class KeptProfiles:
    """The profiles in one folder; made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, manifest: Digest) -> bytes | None:
        """What was kept, or None."""
        path = self._folder / manifest
        try:
            return unseal(path, path.read_bytes())
        except (OSError, Corrupt):
            return None

    def keep(self, manifest: Digest, profile: bytes) -> None:
        """Keep a profile: canonical JSON, which ends in its only newline."""
        aside = self._folder / f"{manifest}.{secrets.token_hex(4)}.tmp"
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                aside.write_bytes(seal(profile))
                os.replace(aside, self._folder / manifest)  # noqa: PTH105 - as Path.replace, in one line
            finally:
                aside.unlink(missing_ok=True)

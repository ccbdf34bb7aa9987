"""Objects: bytes named by their sha256, verified whenever they are read."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mlctl.domain.errors import Corrupt, InvalidName, Missing
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.looks import looked_at
from mlctl.domain.records import digest_of
from mlctl.store.files import READ_ONLY, Files
from mlctl.store.layout import Layout

_CHUNK = 1 << 20


class Objects:
    """The objects of a repository.

    Adding the same bytes again changes nothing (and heals a damaged copy). Nothing is visible half written.
    What was added is flushed to the disk before a decision is committed.
    """

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._files = files

    def put(self, data: bytes) -> Digest:
        """Store bytes; their digest."""
        digest = digest_of(data)
        path = self._layout.object(digest)
        if not (_holds(path, data) and self._files.renew(path)):  # its writer may not have flushed it
            self._files.put(path, data)
        return digest

    def put_file(self, path: Path) -> tuple[Digest, int]:
        """Store a copy of a file; its digest and size in bytes. The file is read once."""
        hasher = hashlib.sha256()
        size = 0
        with self._files.aside("object") as aside, path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                hasher.update(chunk)
                aside.write(chunk)
                size += len(chunk)
            digest = Digest(hasher.hexdigest())
            self._files.move(aside, self._layout.object(digest))
        return digest, size

    def has(self, digest: str) -> bool:
        """Whether the object is there; its bytes are not looked at."""
        return self._layout.object(digest).exists()

    def read(self, digest: str) -> bytes:
        """The bytes, verified.

        Raises:
            Missing: no such object.
            Corrupt: the file holds other bytes.
        """
        path = self._known(digest)
        data = path.read_bytes()
        if digest_of(data) != digest:
            raise _damaged(path, digest)
        return data

    def path(self, digest: str) -> Path:
        """The object's own file, verified just now and read-only.

        Raises:
            Missing: no such object.
            Corrupt: the file holds other bytes.
        """
        path = self._known(digest)
        if file_digest(path) != digest:
            raise _damaged(path, digest)
        return path

    @contextmanager
    def folder(self, files: Mapping[str, str]) -> Iterator[Path]:
        """A folder with these names (relative, with "/") for these digests, all verified; gone afterwards.

        Raises:
            InvalidName: a name would lead out of the folder.
            Missing, Corrupt: as `path`.
        """
        with self._files.folder("model") as folder:
            for name, digest in files.items():
                parts = PurePosixPath(name)
                if parts.is_absolute() or ".." in parts.parts or not parts.parts:
                    raise InvalidName(f"{name!r} is no name of a file inside a folder", name=name)
                target = folder / parts
                target.parent.mkdir(parents=True, exist_ok=True)
                source = self.path(digest)
                try:
                    os.link(source, target)
                except OSError:  # a file system without hard links
                    shutil.copyfile(source, target)
                    target.chmod(READ_ONLY)
            yield folder

    def _known(self, digest: str) -> Path:
        if not is_digest(digest):
            raise InvalidName(f"{digest!r} is no sha256", digest=digest)
        path = self._layout.object(digest)
        looked_at(path)
        if not path.exists():
            raise Missing(
                f"object {digest} is missing: {path}", "mlctl fsck --repair", path=str(path), digest=digest
            )
        return path


def file_digest(path: Path) -> Digest:
    """The sha256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _damaged(path: Path, digest: str) -> Corrupt:
    return Corrupt(
        f"{path} is damaged: its bytes do not have the sha256 it is named by",
        "mlctl fsck --repair",
        path=str(path),
        digest=digest,
    )

"""The user's files as the file system shows them: names and stamps, in the order of their paths.

A folder of a million files is walked in flat memory. The order is that of the whole paths by code point, as
DVC sorts its listings and git its trees: a folder sorts as its name and a slash.
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from mlctl.domain.errors import InvalidName, NotFound, PermissionRefused, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.looks import looked_at
from mlctl.domain.manifest import Seen
from mlctl.workspace.case_clashes import case_clashes
from mlctl.workspace.hashing import Stamp, hash_all, is_settled, stamp_of

__all__ = [
    "Hashes",
    "Memory",
    "Reading",
    "Stamp",
    "found",
    "read_file",
    "refused",
    "settled",
    "stamp_of",
    "walk",
]

BATCH = 2048
_CLASHES = 3  # are enough to say
_SKIPPED = {".git", ".hg", ".dvc", ".mlctl"}  # as DVC skips them in a tracked folder, and our own
_PATTERNS = ".dvcignore"  # dvc refuses one inside of a tracked folder, however deep
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Row = tuple[str, int, int, int, int, str, str]
"""path, size, mtime_ns, ctime_ns, inode, md5, sha256"""


class Hashes(msgspec.Struct, frozen=True, array_like=True):
    """The two names of the same bytes."""

    md5: str
    sha256: Digest


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """A file that was read.

    Attributes:
        size: bytes read.
        stamp: to remember the hashes by; None where the file was changing.
    """

    hashes: Hashes
    size: int
    stamp: Stamp | None


class Memory(Protocol):
    """Remembers hashes by path and stamp. May forget; never answers for another stamp.

    Single files by their path in the project; the files of a folder ("place") chunk by chunk, with their
    entries as `domain.records.encode` writes them and their stamps as an array of 64-bit numbers.
    """

    def recall(self, first: str, last: str) -> dict[str, Row]:
        """What is known of single files whose paths are in this range, both ends included."""

    def remember(self, rows: list[Row]) -> None:
        """Keep these, in place of older ones of the same paths; failures are silent."""

    def chunk(self, place: str, first: str) -> Seen | None:
        """The chunk of a folder that begins with this file."""

    def known(self, place: str, first: str, last: str) -> Iterator[tuple[bytes, bytes]]:
        """Entries and stamps of all chunks that may hold a path in this range."""

    def keep(self, place: str, chunk: Seen, last: str, entries: bytes, stamps: bytes) -> bool:
        """Keep a chunk instead of those that begin between its first and last path; whether it is kept."""

    def entries(self, place: str, chunk: Seen) -> bytes | None:
        """The entries of a chunk, as kept; None if they are gone or damaged."""

    def total(self, place: str, over: bytes) -> str | None:
        """The md5 of a whole folder, if it was finished with chunks whose seals have this hash."""

    def finish(self, place: str, chunks: list[Seen], over: bytes, md5: str) -> None:
        """Keep what a whole folder is, and drop what does not belong to it any more."""

    def trusted(self, place: str, cache: str) -> dict[str, Stamp]:
        """Stamps of the cache's folders at which all that the place's cached chunks name was there."""

    def trust(self, place: str, cache: str, folders: dict[str, Stamp]) -> None:
        """Keep these stamps instead of the older ones."""


def settled(stamp: Stamp) -> bool:
    """Whether the file was last changed long enough ago that a later change would show in its stamp."""
    return is_settled(stamp)


def found(root: Path, path: str, cache: Path | None = None) -> Stamp | None:
    """The stamp of the file at `path`, or None where it is a folder.

    Args:
        root: the project.
        path: relative to it.
        cache: links into this DVC cache are files.

    Raises:
        NotFound: there is no such file.
        UsageError: another symbolic link, a socket or a device.
        InvalidName: a name with a line break, or that is not UTF-8.
        PermissionRefused: it may not be looked at.
    """
    target = root / path
    looked_at(target)
    try:
        status = os.lstat(target)
        _check_names([path])
        if stat.S_ISLNK(status.st_mode):
            status = _behind(target, path, cache)
    except FileNotFoundError:
        raise NotFound(f"{target} does not exist", "mlctl data status", path=str(target)) from None
    except PermissionError as error:
        raise refused(error) from error
    if stat.S_ISDIR(status.st_mode):
        return None
    _check_kind(path, status.st_mode)
    return stamp_of(status)


def walk(
    root: Path,
    path: str,
    ignored: Collection[str] = (),
    cache: Path | None = None,
    clashes: list[tuple[str, str]] | None = None,
) -> Iterator[tuple[list[str], list[Stamp]]]:
    """The files below the folder `path`, in batches: paths relative to it, ascending, and their stamps.

    Args:
        root: the project.
        path: of the folder, relative to it.
        ignored: paths relative to the project that are left out.
        cache: links into this DVC cache are files.
        clashes: receives pairs of paths that are one to macOS and Windows, some of them if they are many.

    Raises:
        UsageError, InvalidName, PermissionRefused, NotFound: as `found`.
    """
    names: list[str] = []
    stamps: list[Stamp] = []
    walker = _Walker(root, path, frozenset(ignored), cache, [] if clashes is None else clashes)
    for more, their in walker.below(""):
        names += more
        stamps += their
        if len(names) >= BATCH:
            looked_at(root / path, names)
            yield names, stamps
            names, stamps = [], []
    looked_at(root / path, names)
    yield names, stamps


class _Walker:
    """Goes through one folder."""

    def __init__(
        self,
        root: Path,
        path: str,
        ignored: frozenset[str],
        cache: Path | None,
        clashes: list[tuple[str, str]],
    ) -> None:
        self._root, self._path, self._cache = root, path, cache
        self._ignored, self._clashes = ignored, clashes

    def below(self, prefix: str) -> Iterator[tuple[list[str], list[Stamp]]]:
        """The files of one folder and of those below it; `prefix` is "" or ends in a slash."""
        folder = self._root / self._path / prefix
        try:
            looked_at(folder)
            descriptor = os.open(folder, _OPEN)
            try:
                yield from self._of(descriptor, prefix)
            finally:
                os.close(descriptor)
        except PermissionError as error:
            raise refused(error) from error
        except FileNotFoundError as error:
            raise NotFound(
                f"{error.filename} went away while the folder was read", "mlctl data status", path=str(folder)
            ) from error

    def _of(self, descriptor: int, prefix: str) -> Iterator[tuple[list[str], list[Stamp]]]:
        with os.scandir(descriptor) as listed:
            names = [
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in listed
            ]
        names.sort()
        _check_names(names, f"{self._path}/{prefix}")
        if self._ignored:
            start = f"{self._path}/{prefix}"
            names = [name for name in names if (start + name).rstrip("/") not in self._ignored]
        if ".git" in names:  # a file, in a submodule; dvc leaves it out as well
            names.remove(".git")
        if _PATTERNS in names:
            where = f"{self._path}/{prefix}{_PATTERNS}"
            raise UsageError(f"{where}: move its patterns to the project's {_PATTERNS}", path=where)
        if len(self._clashes) < _CLASHES:
            self._clashes += case_clashes(prefix, names)
        begin = 0
        for folder in [at for at, name in enumerate(names) if name[-1] == "/"]:
            yield from self._run(descriptor, prefix, names[begin:folder])
            begin = folder + 1
            if names[folder][:-1] not in _SKIPPED:
                yield from self.below(prefix + names[folder])
        yield from self._run(descriptor, prefix, names[begin:] if begin else names)

    def _run(self, descriptor: int, prefix: str, files: list[str]) -> Iterator[tuple[list[str], list[Stamp]]]:
        """Files beside each other, a batch at a time."""
        for begin in range(0, len(files), BATCH):
            yield self._stamped(descriptor, prefix, files[begin : begin + BATCH])

    def _stamped(self, descriptor: int, prefix: str, run: list[str]) -> tuple[list[str], list[Stamp]]:
        """The stamps of files beside each other."""
        look, kinds, regular = os.lstat, 0o170000, 0o100000  # S_IFMT, S_IFREG: calls would cost a tenth
        stamps = [
            (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            if status.st_mode & kinds == regular
            else stamp_of(self._unusual(prefix + name, status))
            for name in run
            for status in (look(name, dir_fd=descriptor),)
        ]
        return [prefix + name for name in run] if prefix else run, stamps

    def _unusual(self, name: str, status: os.stat_result) -> os.stat_result:
        path = f"{self._path}/{name}"
        if stat.S_ISLNK(status.st_mode):
            status = _behind(self._root / path, path, self._cache)
        _check_kind(path, status.st_mode)
        return status


def _behind(target: Path, path: str, cache: Path | None) -> os.stat_result:
    """The status of the cached file that a link of DVC's (`cache.type = symlink`) points to."""
    pointed = os.path.normpath(target.parent / target.readlink())
    if cache is not None and pointed.startswith(f"{os.path.normpath(cache)}/files/md5/"):
        try:
            return target.stat()
        except FileNotFoundError:
            raise NotFound(
                f"{path} is a link into the cache, which does not hold {pointed} any more",
                "dvc pull",
                path=path,
            ) from None
    raise UsageError(
        f"{path} is a symbolic link; add the file that it points to, or name it in {_PATTERNS}", path=path
    )


def _check_names(names: list[str], folder: str = "") -> None:
    together = "\n".join(names)
    try:
        together.encode("utf-8")
    except UnicodeEncodeError:
        for name in names:
            _check_encoding(name)
    if together.count("\n") >= max(len(names), 1) or "\r" in together:
        bad = next(name for name in names if "\n" in name or "\r" in name)
        raise InvalidName(f"{folder + bad!r} has a line break in its name; rename it", path=folder + bad)


def _check_encoding(name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "backslashreplace").decode("ascii", "backslashreplace")
        raise InvalidName(f"the name {shown} is not UTF-8; rename it", path=shown) from None


def _check_kind(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is neither a file nor a folder", path=path)


def refused(error: PermissionError) -> PermissionRefused:
    """The operating system's refusal in mlctl's words."""
    return PermissionRefused(f"no permission: {error.filename}", path=str(error.filename))


def read_file(path: Path) -> Reading:
    """Hash a file.

    Raises:
        NotFound, PermissionRefused: it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            before = stamp_of(os.fstat(file.fileno()))
            md5, sha256, size = hash_all(file.fileno(), None, before[0])
            after = stamp_of(os.fstat(file.fileno()))
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist", "mlctl data status", path=str(path)) from None
    except IsADirectoryError:
        raise NotFound(f"{path} is a folder, not a file", "mlctl data status", path=str(path)) from None
    except PermissionError as error:
        raise refused(error) from error
    return Reading(Hashes(md5, Digest(sha256)), size, after if before == after and settled(after) else None)

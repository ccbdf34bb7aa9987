"""Reading the user's files once: names, sizes, md5 (DVC's) and sha256 (ours), and the bytes for the cache.

What was hashed is what was copied: both come from the same read. Files whose stat has not changed since
they were last hashed are not read at all.
"""

import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol

import msgspec

from mlctl.domain.errors import InvalidName, NotFound, PermissionRefused, UsageError
from mlctl.domain.ids import Digest

CHUNK = 1 << 20
_BESIDE = 8 * CHUNK  # from this size on, the two hashes run beside each other
_SETTLED = 100_000_000  # ns; a file changed less long ago may change again within the same tick of its clock
_SKIPPED = {".git", ".hg", ".dvc", ".mlctl"}  # as DVC skips them in a tracked folder, and our own


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """What the file system says of a file; equal stamps, equal bytes (if settled)."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


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


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A file that the scan saw; `path` is relative to the project, with "/"."""

    path: str
    stamp: Stamp


class Memory(Protocol):
    """Remembers hashes by path and stamp. May forget; never answers for another stamp."""

    def recall(self, under: str) -> Mapping[str, tuple[Stamp, Hashes]]:
        """What is known of the file `under`, or of all files below the folder `under`."""

    def remember(self, entries: Iterable[tuple[str, Stamp, Hashes]]) -> None:
        """Keep these; failures are silent."""


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file's status."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def settled(stamp: Stamp) -> bool:
    """Whether the file was last changed long enough ago that a later change would show in its stamp."""
    return time.time_ns() - max(stamp.mtime_ns, stamp.ctime_ns) > _SETTLED


def files_of(root: Path, target: Path, ignored: Collection[str] = ()) -> Iterator[Found]:
    """The file `target`, or the files below the folder `target`.

    Args:
        root: the project; paths are given relative to it.
        target: inside the project.
        ignored: paths that are left out.

    Raises:
        NotFound: there is no such file.
        UsageError: a symbolic link, a socket or a device.
        InvalidName: a name with a line break, or that is not UTF-8.
        PermissionRefused: it may not be looked at.
    """
    try:
        status = os.lstat(target)
    except FileNotFoundError:
        raise NotFound(f"{target} does not exist", "mlctl data status", path=str(target)) from None
    except PermissionError as error:
        raise refused(error) from error
    relative = target.relative_to(root).as_posix()
    _check(relative, status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        yield from _below(root, relative, ignored)
    else:
        yield Found(relative, stamp_of(status))


def _below(root: Path, folder: str, ignored: Collection[str]) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except PermissionError as error:
        raise refused(error) from error
    for entry in entries:
        relative = f"{folder}/{entry.name}"
        status = entry.stat(follow_symlinks=False)
        is_folder = stat.S_ISDIR(status.st_mode)
        if (is_folder and entry.name in _SKIPPED) or relative in ignored:
            continue
        _check(relative, status.st_mode)
        if is_folder:
            yield from _below(root, relative, ignored)
        else:
            yield Found(relative, stamp_of(status))


def _check(relative: str, mode: int) -> None:
    if "\n" in relative or "\r" in relative:
        raise InvalidName(f"{relative!r} has a line break in its name; rename it", path=relative)
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError:
        shown = relative.encode("utf-8", "backslashreplace").decode("ascii", "backslashreplace")
        raise InvalidName(f"the name {shown} is not UTF-8; rename it", path=shown) from None
    if stat.S_ISLNK(mode):
        raise UsageError(f"{relative} is a symbolic link; add the file that it points to", path=relative)
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(f"{relative} is neither a file nor a folder", path=relative)


def refused(error: PermissionError) -> PermissionRefused:
    """The operating system's refusal in mlctl's words."""
    return PermissionRefused(f"no permission: {error.filename}", path=str(error.filename))


def read_once(source: IO[bytes], sink: IO[bytes] | None, size: int) -> tuple[Hashes, int]:
    """Hash everything that `source` still holds, writing it to `sink` on the way.

    Args:
        source: read to its end.
        sink: receives the same bytes, if given.
        size: as far as known; decides whether threads pay.

    Returns:
        The hashes, and the bytes that were read.
    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    total = 0
    if size < _BESIDE:
        while chunk := source.read(CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
            if sink is not None:
                sink.write(chunk)
            total += len(chunk)
        return Hashes(md5.hexdigest(), Digest(sha256.hexdigest())), total
    while chunk := source.read(4 * CHUNK):  # hashlib releases the interpreter while it works
        beside = threading.Thread(target=sha256.update, args=(chunk,))
        beside.start()
        md5.update(chunk)
        if sink is not None:
            sink.write(chunk)
        beside.join()
        total += len(chunk)
    return Hashes(md5.hexdigest(), Digest(sha256.hexdigest())), total


def read_file(path: Path, copy: Callable[[IO[bytes], int], tuple[Hashes, int]] | None = None) -> Reading:
    """Read a file once.

    Args:
        path: of the file.
        copy: handed the open file and its size, it reads everything and returns hashes and bytes read; by
            default the bytes go nowhere.

    Raises:
        NotFound, PermissionRefused: it cannot be read.
    """
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist", "mlctl data status", path=str(path)) from None
    except IsADirectoryError:
        raise NotFound(f"{path} is a folder, not a file", "mlctl data status", path=str(path)) from None
    except PermissionError as error:
        raise refused(error) from error
    with file:
        before = stamp_of(os.fstat(file.fileno()))
        hashes, size = read_once(file, None, before.size) if copy is None else copy(file, before.size)
        after = stamp_of(os.fstat(file.fileno()))
    quiet = before == after and settled(after)
    return Reading(hashes, size, after if quiet else None)

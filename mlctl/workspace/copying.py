"""Files copied by md5 from one folder in DVC's layout to another, verified on the way.

A file is first written aside; once the caller has flushed the disk, it is given its name. Worker processes
run this: standard library alone.
"""

import contextlib
import errno
import hashlib
import os
import sys

from mlctl.workspace.hashing import CHUNK, MODE, SMALL, cloned, make_folder

Order = tuple[str, str]
"""("copy" | "place", md5)"""

Failed = tuple[int, str, str]
"""errno, md5, what the system says."""

DAMAGED = errno.EBADMSG
"""The errno that says that a file does not hold the bytes that it is named by."""

_READ = os.O_RDONLY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_GOES_ON = {errno.ENOENT, DAMAGED}


def umask() -> int:
    """The bits that this process's new files do not get."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def relative(md5: str) -> str:
    """Where a file lies in DVC's layout."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


class Copier:
    """Copies from one root to another. What was done halfway may be done again.

    Args:
        source: folder that holds `files/md5/`.
        target: the same, to be filled.
        aside: a folder that exists, relative to the target; all that is in it belongs to this run.
        folder_mode: of the folders that are made.
    """

    def __init__(self, source: str, target: str, aside: str, folder_mode: int) -> None:
        self._source = os.open(source, _READ | os.O_DIRECTORY)
        self._target = os.open(target, _READ | os.O_DIRECTORY)
        self._aside = aside
        self._folder_mode = folder_mode
        self._made: set[str] = set()
        # one buffer: to take and give back a megabyte for each small file costs as much as the copy
        self._buffer = memoryview(bytearray(SMALL + 1))
        self._clones = sys.platform == "linux"
        self._masked = bool(umask() & MODE)

    def do(self, items: list[Order]) -> list[int | Failed]:
        """The size of each file, in order, or why not; what is neither missing nor damaged ends it."""
        done: list[int | Failed] = []
        for verb, md5 in items:
            try:
                done.append(self._copy(md5) if verb == "copy" else self._place(md5))
            except OSError as error:
                done.append((error.errno or errno.EIO, md5, error.strerror or ""))
                if error.errno not in _GOES_ON:
                    break
        return done

    def close(self) -> None:
        """Close the folders."""
        os.close(self._source)
        os.close(self._target)

    def _copy(self, md5: str) -> int:
        source = os.open(relative(md5), _READ, dir_fd=self._source)
        try:
            size = os.readv(source, [self._buffer])
            data = self._buffer[:size]
            found = hashlib.md5(data, usedforsecurity=False).hexdigest() if size <= SMALL else ""
            if found != md5.removesuffix(".dir"):  # large, damaged, or not read to its end
                return self._copy_large(source, md5)
            target = self._open(f"{self._aside}/{md5}")
            try:
                _write(target, data)
            finally:
                os.close(target)
            return size
        finally:
            os.close(source)

    def _copy_large(self, source: int, md5: str) -> int:
        name = f"{self._aside}/{md5}"
        target = self._open(name)
        try:
            self._clones = self._clones and cloned(source, target)
            reading = target if self._clones else source
            found, size = hashlib.md5(usedforsecurity=False), 0
            while data := os.pread(reading, CHUNK, size):
                found.update(data)
                if not self._clones:
                    _write(target, data)
                size += len(data)
            _check(found, md5)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._target)
            raise
        finally:
            os.close(target)
        return size

    def _open(self, name: str) -> int:
        try:
            target = os.open(name, _WRITE | os.O_EXCL, MODE, dir_fd=self._target)
        except FileExistsError:  # of one who has died over it
            os.unlink(name, dir_fd=self._target)
            target = os.open(name, _WRITE | os.O_EXCL, MODE, dir_fd=self._target)
        if self._masked:
            os.fchmod(target, MODE)
        return target

    def _place(self, md5: str) -> int:
        name = f"{self._aside}/{md5}"
        folder = md5[:2]
        if folder not in self._made:
            make_folder(f"files/md5/{folder}", self._target, self._folder_mode)
            self._made.add(folder)
        try:
            os.rename(name, relative(md5), src_dir_fd=self._target, dst_dir_fd=self._target)
        except FileNotFoundError:
            os.stat(relative(md5), dir_fd=self._target)  # whoever did this batch before us has died behind it
        return 0


def _check(found: "hashlib._Hash", md5: str) -> None:
    if found.hexdigest() != md5.removesuffix(".dir"):
        raise OSError(DAMAGED, "other bytes than its name says")


def _write(target: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]

"""Files of a cache brought back into the work tree, verified on the way. Worker processes run this too.

What is restored was hashed in the same read that copied it (or, for a link, just before it was made): an
object whose bytes are not what its name says, or not those of the version, is never served. Standard library
alone, as `hashing`.
"""

import contextlib
import errno
import hashlib
import os
import stat
import sys
from pathlib import Path

from mlctl.workspace.hashing import (
    SMALL,
    Failed,
    Stamp,
    Taken,
    cloned,
    copy_all,
    hash_all,
    sha256_all,
    stamp_of,
)

Known = tuple[str, Stamp | None]
"""sha256 that an object must have; the stamp that it had when it was last verified, if it was."""

Wanted = tuple[str, str] | tuple[str, str, Stamp | None, Known | None]
"""As the arguments of `Restorer.restore`."""

DAMAGED = errno.EBADMSG
"""The errno that says that an object does not hold the bytes that it is named by."""

_md5, _sha256 = hashlib.md5, hashlib.sha256
_READ = os.O_RDONLY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_LINKS = {"hardlink", "symlink"}
_FOLDERS = 50_000  # remembered at once


class _DamagedError(OSError):
    pass


class Restorer:
    """Restores objects of one cache into one root; each file is written aside and renamed."""

    def __init__(
        self, root: str, cache: str, aside: str, links: tuple[str, ...] = ("reflink", "copy")
    ) -> None:
        """Open the folders.

        Args:
            root: of the project.
            cache: of DVC.
            aside: a folder that exists, relative to the root and on its disk.
            links: what to try, in order: "reflink", "hardlink", "symlink", "copy"; a copy is what remains.
        """
        self._root = os.open(root, _READ | os.O_DIRECTORY)
        self._cache = os.open(cache, _READ | os.O_DIRECTORY)
        self._absolute = str(Path(cache).absolute())
        self._links = [link for link in links if link in _LINKS]
        self._clones = sys.platform == "linux" and "reflink" in links
        self._plain = not self._links
        self._folder = aside
        self._unique = f"mlctl-{os.getpid()}-{os.urandom(6).hex()}"
        self._made: set[str] = set()
        self._elsewhere = False
        self._last = f"{aside}/{self._unique}"

    def close(self) -> None:
        """Close the folders; what was written aside is removed, wherever a signal has broken it off."""
        self._drop()
        os.close(self._root)
        os.close(self._cache)

    def do(self, items: list[Wanted]) -> list[Taken | Failed]:
        """What became of each item, in order; after a failure the rest is left out."""
        done: list[Taken | Failed] = []
        for item in items:
            try:
                quick = self._quick(*item) if self._plain else None
                done.append(quick or self.restore(*item))
            except OSError as error:
                name = str(error.filename or item[1])
                where = f"{self._absolute}/{name}" if name.startswith("files/md5/") else name
                done.append((error.errno or errno.EIO, where, error.strerror or ""))
                break
        return done

    def restore(
        self, md5: str, path: str, expected: Stamp | None = None, known: Known | None = None
    ) -> Taken:
        """Make `path` hold the object's bytes.

        Args:
            md5: of the object.
            path: relative to the root.
            expected: leave what is there if it has another stamp: somebody has changed it since it was read.
            known: sha256 that the object must have, and the stamp that it had when it was last verified: if
                it still has it and is read-only, it is not hashed again.

        Returns:
            The hashes, the size, and the stamp of what stands there now; None where it was left.

        Raises:
            OSError: with `DAMAGED`, or as the system says; the target is what it was.
        """
        name = f"files/md5/{md5[:2]}/{md5[2:]}"
        parent = path.rpartition("/")[0]
        if parent and parent not in self._made:
            self._make(parent)
            if len(self._made) > _FOLDERS:
                self._made.clear()
            self._made.add(parent)
        source = os.open(name, _READ, dir_fd=self._cache)
        try:
            status = os.fstat(source)
            size = status.st_size
            trusted = known is not None and stamp_of(status) == known[1] and not status.st_mode & 0o222
            must = known[0] if known is not None else ""
            aside = f"{parent}/.{self._unique}.tmp" if self._elsewhere else f"{self._folder}/{self._unique}"
            self._last = aside
            try:
                sha256 = self._aside(source, (md5, must), name, size, aside, trusted=trusted)
                if expected is not None and stamp_of(os.stat(path, dir_fd=self._root)) != expected:
                    os.unlink(aside, dir_fd=self._root)
                    return md5, sha256, size, None
                stamp = self._placed(aside, path)
            except OSError as error:
                self._drop()
                if error.errno != errno.EXDEV or self._elsewhere:
                    raise
                self._elsewhere = True  # the target is on another disk than the folder for files aside
                return self.restore(md5, path, expected, known)
        finally:
            os.close(source)
        return md5, sha256, size, stamp

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._last, dir_fd=self._root)

    def _quick(
        self, md5: str, path: str, expected: Stamp | None = None, known: Known | None = None
    ) -> Taken | None:
        """What `restore` does, for a small file in a folder that is there; None where it is another case.

        Written for the count of its steps: for a file of some kilobytes they cost as much as the hashes.

        Raises:
            OSError: as `restore`.
        """
        if expected is not None or self._elsewhere or path.rpartition("/")[0] not in self._made:
            return None
        name = f"files/md5/{md5[:2]}/{md5[2:]}"
        source = os.open(name, _READ, dir_fd=self._cache)
        try:
            size = os.fstat(source).st_size
            if size > SMALL:
                return None
            data = os.read(source, size + 1)
        finally:
            os.close(source)
        if len(data) != size:
            return None
        sha256 = self._proved(data, (md5, known[0] if known else ""), name)
        aside = f"{self._folder}/{self._unique}"
        sink = os.open(aside, _WRITE, 0o666, dir_fd=self._root)
        placed = False
        try:
            if os.write(sink, data) == size:
                os.rename(aside, path, src_dir_fd=self._root, dst_dir_fd=self._root)
                placed = True
                return md5, sha256, size, stamp_of(os.fstat(sink))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        finally:
            os.close(sink)
            if not placed:
                self._drop()
        return None

    def _make(self, folder: str) -> None:
        try:
            os.mkdir(folder, dir_fd=self._root)
        except FileExistsError:
            return
        except FileNotFoundError:
            self._make(folder.rpartition("/")[0])
            self._make(folder)

    def _placed(self, aside: str, path: str) -> Stamp:
        os.rename(aside, path, src_dir_fd=self._root, dst_dir_fd=self._root)
        if self._links:
            with contextlib.suppress(FileNotFoundError):  # two hard links of one file: rename leaves both
                os.unlink(aside, dir_fd=self._root)
        return stamp_of(os.stat(path, dir_fd=self._root))

    def _aside(
        self, source: int, named: tuple[str, str], name: str, size: int, aside: str, *, trusted: bool
    ) -> str:
        """Make the file or link aside; the sha256 of its bytes: that of `named`, where they are trusted."""
        sha256 = named[1]
        if self._links and size:  # an empty file is never linked: a thousand of them would share one object
            if not trusted:
                sha256 = self._copied(source, None, named, name, size)
            for link in list(self._links):
                if self._linked(link, name, aside):
                    return sha256
            os.lseek(source, 0, os.SEEK_SET)
        descriptor = os.open(aside, _WRITE, 0o666, dir_fd=self._root)
        try:
            if size <= SMALL:
                data = os.read(source, size + 1)
                sha256 = self._proved(data, named, name)
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                return sha256
            self._clones = self._clones and cloned(source, descriptor)
            if trusted:
                if not self._clones:
                    copy_all(source, descriptor)
                return sha256
            if self._clones:
                return self._copied(descriptor, None, named, name, size)
            return self._copied(source, descriptor, named, name, size)
        finally:
            os.close(descriptor)

    def _linked(self, link: str, name: str, aside: str) -> bool:
        try:
            if link == "symlink":
                os.symlink(f"{self._absolute}/{name}", aside, dir_fd=self._root)
            else:
                os.link(name, aside, src_dir_fd=self._cache, dst_dir_fd=self._root)
            if stat.S_IMODE(os.stat(name, dir_fd=self._cache).st_mode) & 0o222:
                os.chmod(name, 0o444, dir_fd=self._cache)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}:
                raise
            return False
        return True

    def _proved(self, data: bytes, named: tuple[str, str], name: str) -> str:
        """The sha256 of bytes that are those named: by sha256 where it is known, which proves more, or md5.

        Raises:
            OSError: with `DAMAGED`, they are others.
        """
        sha256 = _sha256(data).hexdigest()
        right = sha256 == named[1] if named[1] else _md5(data, usedforsecurity=False).hexdigest() == named[0]
        if not right:
            raise self._damaged(named, name)
        return sha256

    def _copied(self, source: int, sink: int | None, named: tuple[str, str], name: str, size: int) -> str:
        """The same of all that `source` holds, written to `sink` on the way.

        Raises:
            OSError: as `_proved`.
        """
        if named[1]:
            sha256 = sha256_all(source, sink)
            right = sha256 == named[1]
        else:
            md5, sha256, _ = hash_all(source, sink, size)
            right = md5 == named[0]
        if not right:
            raise self._damaged(named, name)
        return sha256

    def _damaged(self, named: tuple[str, str], name: str) -> _DamagedError:
        return _DamagedError(DAMAGED, named[0], f"{self._absolute}/{name}")

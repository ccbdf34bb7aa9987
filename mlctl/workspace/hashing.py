"""Files read once: hashed, and their bytes brought into a cache. The part that worker processes run.

It imports the standard library alone, so that a worker starts in 20 ms, and counts system calls: a small
file costs one read, and nine calls in all where it goes into the cache.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import sys
import threading
import time
from queue import SimpleQueue

Stamp = tuple[int, int, int, int]
"""size, mtime_ns, ctime_ns, inode"""

Item = tuple[str, Stamp]
"""Path of a file, relative to the root, and the stamp that it had when it was found."""

Taken = tuple[str, str, int, Stamp | None]
"""md5, sha256, bytes read; the stamp to remember them by, or None where the file may still change unseen."""

Failed = tuple[int, str, str]
"""errno (0: the file kept changing), file name, what the system says."""

CHUNK = 4 << 20
SMALL = 1 << 20  # up to this size a file is held in memory whole
BESIDE = 8 << 20  # from this size on, the two hashes run beside each other
SETTLED = 100_000_000  # ns; a file changed less long ago may change again within the same tick of its clock
MODE = 0o444  # DVC trusts a cached file with exactly this mode without hashing it again

_md5, _sha256 = hashlib.md5, hashlib.sha256  # looked up once a process, not twice a file
_TRIES = 3
_CLONE = 0x40049409  # FICLONE of linux/fs.h: share the blocks, copy on write
_READ = os.O_RDONLY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp that a file's status says."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def is_settled(stamp: Stamp, now: int | None = None) -> bool:
    """Whether the file was last changed long enough ago that a later change would show in its stamp."""
    return (time.time_ns() if now is None else now) - max(stamp[1], stamp[2]) > SETTLED


def make_folder(name: str, within: int, mode: int) -> None:
    """Make a folder (relative to an open one) with exactly this mode, and those above it."""
    try:
        os.mkdir(name, mode, dir_fd=within)
    except FileNotFoundError:
        make_folder(name.rpartition("/")[0], within, mode)
        make_folder(name, within, mode)
    except FileExistsError:
        return
    else:
        os.chmod(name, mode, dir_fd=within)  # whatever the umask, and for the bit that hands on the group


class Taker:
    """Takes files of one root; with a cache, their bytes are in it afterwards (not flushed).

    An object appears in the cache whole or not at all: it is written in the cache's `tmp/` (which exists
    already), then renamed.
    """

    def __init__(self, root: str, cache: str | None = None, folder_mode: int = 0o777) -> None:
        self._root = os.open(root, _READ | os.O_DIRECTORY)
        self._cache: int | None = None
        self._folder = cache or ""
        self._folder_mode = folder_mode
        self._made: set[str] = set()
        self._clones = sys.platform == "linux"
        self._aside = f"tmp/mlctl-{os.getpid()}-{os.urandom(6).hex()}"
        self._fits = (_umask() & MODE) == 0
        if cache is not None:
            self._cache = os.open(cache, _READ | os.O_DIRECTORY)

    def close(self) -> None:
        """Close the folders; what was written aside is removed, wherever a signal has broken it off."""
        os.close(self._root)
        if self._cache is not None:
            self._drop(self._cache)
            os.close(self._cache)

    def do(self, items: list[Item]) -> list[Taken | Failed]:
        """What became of each file, in order; after a failure the rest is left out."""
        done: list[Taken | Failed] = []
        known = time.time_ns() - SETTLED
        for path, stamp in items:
            try:
                quick = self._quick(path, stamp, known) if stamp[0] <= SMALL else None
                done.append(quick or self.take(path, stamp))
            except OSError as error:
                name = str(error.filename or path)
                where = name if name == path else f"{self._folder}/{name}"  # the cache's
                done.append((error.errno or errno.EIO, where, error.strerror or ""))
                break
        return done

    def take(self, path: str, stamp: Stamp) -> Taken | Failed:
        """Read one file until nobody changed it meanwhile, at most three times.

        Without a cache a file that keeps changing is what the last reading says, not to be remembered; with
        a cache it has failed, since nobody could say which of its states was kept.

        Raises:
            OSError: it cannot be read, or its bytes cannot be written.
        """
        for _ in range(_TRIES):
            descriptor = os.open(path, _READ, dir_fd=self._root)
            try:
                if stamp[0] <= SMALL:
                    md5, sha256, size, after = self._take_small(descriptor, stamp)
                else:
                    md5, sha256, size, after = self._take_large(descriptor, stamp)
            finally:
                os.close(descriptor)
            if md5 and after == stamp:
                return md5, sha256, size, stamp if is_settled(stamp) else None
            stamp = after
        if self._cache is not None:
            return 0, path, "it changes while it is read"
        descriptor = os.open(path, _READ, dir_fd=self._root)
        try:
            return *hash_all(descriptor, None, stamp[0]), None
        finally:
            os.close(descriptor)

    def _quick(self, path: str, stamp: Stamp, known: int) -> Taken | None:
        """What `take` says of a small file that stands still; None if it does not.

        Written for the count of its steps: for a file of some kilobytes they cost as much as the hashes.

        Args:
            path: relative to the root.
            stamp: that it was found with.
            known: a later change of what was last changed before this (ns) shows in its stamp.

        Raises:
            OSError: as `take`.
        """
        size, changed, inode_changed, inode = stamp
        source = os.open(path, _READ, dir_fd=self._root)
        try:
            data = os.read(source, size + 1)
            after = os.fstat(source)
        finally:
            os.close(source)
        if (
            len(data) != size
            or after.st_size != size
            or after.st_mtime_ns != changed
            or after.st_ctime_ns != inode_changed
            or after.st_ino != inode
        ):
            return None
        md5 = _md5(data, usedforsecurity=False).hexdigest()
        if self._cache is not None:
            self._put(self._cache, md5, data)
        settled = changed < known and inode_changed < known
        return md5, _sha256(data).hexdigest(), size, stamp if settled else None

    def _take_small(self, source: int, stamp: Stamp) -> tuple[str, str, int, Stamp]:
        """Hashes and the stamp afterwards; no hashes where it grew or shrank meanwhile."""
        size = stamp[0]
        data = os.read(source, size + 1)
        while 0 < len(data) < size and (more := os.read(source, size + 1 - len(data))):
            data += more  # a signal, or a file system that hands out less
        after = stamp_of(os.fstat(source))
        if len(data) != size or after != stamp:
            return "", "", 0, after
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if self._cache is not None:
            self._put(self._cache, md5, data)
        return md5, hashlib.sha256(data).hexdigest(), size, after

    def _put(self, cache: int, md5: str, data: bytes) -> None:
        target = f"files/md5/{md5[:2]}/{md5[2:]}"
        if os.access(target, os.F_OK, dir_fd=cache) and _holds(cache, target, data):
            return
        aside = os.open(self._aside, _WRITE, MODE, dir_fd=cache)
        try:
            try:
                written = os.write(aside, data)
                if written != len(data):
                    _write(aside, memoryview(data)[written:])
                if not self._fits:
                    os.fchmod(aside, MODE)
            finally:
                os.close(aside)
            self._place(cache, md5, target)
        except BaseException:
            self._drop(cache)
            raise

    def _place(self, cache: int, md5: str, target: str) -> None:
        if md5[:2] not in self._made:
            make_folder(f"files/md5/{md5[:2]}", cache, self._folder_mode)
            self._made.add(md5[:2])
        os.rename(self._aside, target, src_dir_fd=cache, dst_dir_fd=cache)

    def _drop(self, cache: int) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._aside, dir_fd=cache)

    def _take_large(self, source: int, stamp: Stamp) -> tuple[str, str, int, Stamp]:
        if self._cache is None:
            md5, sha256, size = hash_all(source, None, stamp[0])
            return md5, sha256, size, stamp_of(os.fstat(source))
        cache = self._cache
        aside = os.open(self._aside, _WRITE, 0o600, dir_fd=cache)
        try:
            try:
                fcntl.flock(aside, fcntl.LOCK_EX)  # until it is closed: a sweeper leaves it alone
                self._clones = self._clones and cloned(source, aside)
                if self._clones:  # the clone stands still, so that is what is hashed
                    md5, sha256, size = hash_all(aside, None, stamp[0])
                else:
                    md5, sha256, size = hash_all(source, aside, stamp[0])
                after = stamp_of(os.fstat(source))
                os.fchmod(aside, MODE)
            finally:
                os.close(aside)
            target = f"files/md5/{md5[:2]}/{md5[2:]}"
            if after != stamp or _is_object(cache, target, size):
                self._drop(cache)
            else:
                self._place(cache, md5, target)
        except BaseException:
            self._drop(cache)
            raise
        return md5, sha256, size, after


def hash_all(source: int, sink: int | None, size: int) -> tuple[str, str, int]:
    """md5, sha256 and length of all that `source` still holds, written to `sink` on the way.

    From `BESIDE` bytes on, md5 (the slower one) has a thread of its own: hashlib releases the interpreter.
    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    if size < BESIDE:
        total = 0
        while chunk := os.read(source, SMALL):
            md5.update(chunk)
            sha256.update(chunk)
            _write(sink, chunk)
            total += len(chunk)
        return md5.hexdigest(), sha256.hexdigest(), total
    return _hash_beside(source, sink, md5, sha256)


def sha256_all(source: int, sink: int | None) -> str:
    """sha256 of all that `source` still holds, written to `sink` on the way."""
    hashed, buffer = hashlib.sha256(), bytearray(CHUNK)
    while count := os.readv(source, [buffer]):
        piece = memoryview(buffer)[:count]
        hashed.update(piece)
        _write(sink, piece)
    return hashed.hexdigest()


def _hash_beside(
    source: int, sink: int | None, md5: "hashlib._Hash", sha256: "hashlib._Hash"
) -> tuple[str, str, int]:
    free: SimpleQueue[bytearray] = SimpleQueue()
    full: SimpleQueue[tuple[bytearray, int]] = SimpleQueue()
    for _ in range(4):
        free.put(bytearray(CHUNK))

    def beside() -> None:
        while (handed := full.get())[1]:
            buffer, count = handed
            md5.update(memoryview(buffer)[:count])
            free.put(buffer)

    thread = threading.Thread(target=beside)
    thread.start()
    total = 0
    try:
        while count := os.readv(source, [buffer := free.get()]):
            full.put((buffer, count))
            piece = memoryview(buffer)[:count]
            _write(sink, piece)  # before md5 can give the buffer back: it is only given back to this thread
            sha256.update(piece)
            total += count
    finally:
        full.put((bytearray(), 0))
        thread.join()
    return md5.hexdigest(), sha256.hexdigest(), total


def _write(sink: int | None, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while sink is not None and view:
        view = view[os.write(sink, view) :]


def copy_all(source: int, sink: int) -> None:
    """Copy a file's bytes, in the kernel where it can."""
    size = os.fstat(source).st_size
    at = 0
    with contextlib.suppress(OSError, AttributeError):
        while at < size and (count := os.copy_file_range(source, sink, size - at, at, at)):
            at += count
    os.lseek(source, at, os.SEEK_SET)
    os.lseek(sink, at, os.SEEK_SET)
    while chunk := os.read(source, CHUNK):
        _write(sink, chunk)


def cloned(source: int, target: int) -> bool:
    """Whether the file system could share the blocks; most cannot."""
    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError:
        return False
    return True


def _holds(cache: int, target: str, data: bytes) -> bool:
    """Whether an object has these bytes; one that was damaged is put anew."""
    try:
        descriptor = os.open(target, _READ, dir_fd=cache)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        return status.st_size == len(data) and os.read(descriptor, len(data) + 1) == data
    finally:
        os.close(descriptor)


def _is_object(cache: int, target: str, size: int) -> bool:
    try:
        status = os.stat(target, dir_fd=cache)
    except OSError:
        return False
    return status.st_size == size and stat.S_IMODE(status.st_mode) == MODE


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

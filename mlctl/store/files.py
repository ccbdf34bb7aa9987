"""Files that are never half written: write aside, flush, then link or rename.

A file aside is locked (flock) for as long as its writer lives, so that a sweeper can tell what a dead process
left behind. What is written is remembered and flushed in one batch before anything names it.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlctl.domain.errors import DiskFull, Missing, PermissionRefused

READ_ONLY = 0o444
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into errors that say what to do.

    Raises:
        DiskFull: no space is left, or a quota is used up.
        PermissionRefused: the user may not, or the disk is read-only.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"no space left to write {path}; nothing was changed", "df -h .", path=str(path)
            ) from error
        if error.errno in _REFUSED:
            raise PermissionRefused(
                f"{path}: {error.strerror}", f"ls -ld {path.parent}", path=str(path)
            ) from error
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """write(2) until everything is written."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def flush_file(path: Path) -> None:
    """Fsync one file or folder that exists."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Aside:
    """A locked file or folder in `tmp/`, gone when its context ends unless it was moved away.

    Attributes:
        path: its name.
        descriptor: open for writing, for a file.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Append bytes."""
        write_all(self.descriptor, data)

    def flush(self) -> None:
        """Fsync."""
        os.fsync(self.descriptor)


class Files:
    """Writes of one repository and what of them is not flushed yet.

    Attributes:
        tmp: folder for files aside; on the same disk as everything else under `.mlctl/`.
    """

    def __init__(self, tmp: Path) -> None:
        self.tmp = tmp
        self._unflushed: dict[Path, None] = {}

    @contextmanager
    def aside(self, label: str = "file") -> Iterator[Aside]:
        """A fresh locked file in `tmp/`."""
        while True:
            path = self.tmp / f"{label}-{os.urandom(8).hex()}"
            with explained(path):
                try:
                    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                except FileNotFoundError:  # tmp/ itself may be swept away by hand
                    self.tmp.mkdir(parents=True, exist_ok=True)
                    continue
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                break
            os.close(descriptor)  # a sweeper took it between open and flock
        try:
            with explained(path):
                yield Aside(path, descriptor)
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            os.close(descriptor)

    @contextmanager
    def folder(self, label: str = "folder") -> Iterator[Path]:
        """A fresh locked folder in `tmp/`, removed with all its files when the context ends."""
        while True:
            path = self.tmp / f"{label}-{os.urandom(8).hex()}"
            with explained(path):
                path.mkdir(parents=True)
                try:
                    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                break
            os.close(descriptor)  # a sweeper took it between mkdir and flock
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)

    def put(self, target: Path, data: bytes, *, mode: int = READ_ONLY) -> None:
        """Make `target` hold these bytes at once, whatever it held; flushed by the next `flush`."""
        with self.aside(target.name[:16]) as aside:
            aside.write(data)
            self.move(aside, target, mode=mode)

    def move(self, aside: Aside, target: Path, *, mode: int = READ_ONLY) -> None:
        """Rename a finished file to its name; flushed by the next `flush`."""
        os.fchmod(aside.descriptor, mode)
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self.remember(target.parent)
        aside.path.rename(target)
        self.remember(target)

    def adopt(self, source: Path, target: Path, *, mode: int = READ_ONLY) -> None:
        """Rename a whole file of `tmp/` to its name; flushed by the next `flush`."""
        with explained(target):
            source.chmod(mode)
            if not target.parent.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                self.remember(target.parent)
            source.rename(target)
        self.remember(target)

    def remember(self, path: Path) -> None:
        """Flush this file (or folder) with the next `flush`: something is about to name it."""
        self._unflushed[path] = None

    def renew(self, path: Path) -> bool:
        """Renew the lease of a file that is there already and is about to be named, so that `gc` leaves it.

        It is flushed by the next `flush`. False where it is not there (any more).
        """
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except OSError:  # another user's file: it is as old as it is
            if not path.exists():
                return False
        self.remember(path)
        return True

    def flush(self, paths: Iterable[Path] = ()) -> None:
        """Flush these files and all remembered ones (their lease is renewed), then their folders, once each.

        Raises:
            DiskFull: the disk could not take what was written.
            Missing: one of the files was removed meanwhile.
        """
        files = dict.fromkeys([*self._unflushed, *paths])
        folders: dict[Path, None] = {}
        for path in files:
            with explained(path):
                try:
                    with suppress(PermissionError):
                        os.utime(path)
                    flush_file(path)
                except FileNotFoundError:
                    raise Missing(
                        f"{path} is gone, and something was about to name it", "mlctl fsck", path=str(path)
                    ) from None
            folders[path.parent] = None
        for folder in folders:
            with explained(folder):
                flush_file(folder)
        self._unflushed.clear()

    def replace(self, target: Path, data: bytes, *, mode: int = 0o644) -> None:
        """Write, flush and rename one file that stands alone, and flush its folder."""
        with self.aside(target.name[:16]) as aside:
            aside.write(data)
            aside.flush()
            os.fchmod(aside.descriptor, mode)
            aside.path.rename(target)
            flush_file(target.parent)

    def claim(
        self,
        target: Path,
        data: bytes,
        *,
        mode: int = 0o644,
        is_ours: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Make a file that must not exist yet, whole and flushed; False where another process was first.

        Args:
            target: of which there is one, for ever.
            data: that it holds.
            mode: of it.
            is_ours: whether what stands there is this file: a link may be made and fail all the same (NFS).
        """
        with self.aside(target.name[:16]) as aside:
            aside.write(data)
            os.fchmod(aside.descriptor, mode)
            aside.flush()
            try:
                os.link(aside.path, target)
            except OSError as error:
                if not is_ours():
                    if isinstance(error, FileExistsError):
                        return False
                    raise
        with explained(target):
            flush_file(target.parent)
        return True

    def sweep(self, found: Callable[[Path], None] = lambda _path: None) -> list[Path]:
        """Remove what dead processes left in `tmp/`; the removed paths, in order."""
        swept = []
        for path in sorted(self.tmp.iterdir()) if self.tmp.exists() else []:
            if path.is_symlink():
                continue
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:  # gone meanwhile, or not ours
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                swept.append(path)
                found(path)
            except BlockingIOError:  # its writer lives
                continue
            finally:
                os.close(descriptor)
        return swept

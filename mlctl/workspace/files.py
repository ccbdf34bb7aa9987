"""Writing files so that a crash leaves the old one or the new one, never half of either."""

import contextlib
import errno
import os
import shlex
import time
from pathlib import Path

from mlctl.domain.errors import AlreadyExists, DiskFull, MlctlError, PermissionRefused

_MINUTE = 60.0


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file by these bytes: written aside, flushed, renamed, and the folder flushed.

    Raises:
        DiskFull, PermissionRefused: nothing has changed.
    """
    start = f".{path.name[:100]}."
    aside = path.with_name(f"{start}{os.urandom(4).hex()}.tmp")
    try:
        _sweep(path.parent, start)
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(mode)
        aside.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise said(error) from error


def _sweep(folder: Path, start: str) -> None:
    """Remove what a killed writer of the same file left; one that lives takes no minute."""
    for path in folder.iterdir():
        if path.name.startswith(start) and path.name.endswith(".tmp"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _MINUTE:
                    path.unlink()


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    flush_file(folder)


def flush_file(path: Path) -> None:
    """Make a file's bytes durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def said(error: OSError) -> MlctlError | OSError:
    """The error in mlctl's words, where it has some."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        full = Path(os.fsdecode(error.filename or "."))
        where = shlex.quote(str(full if full.is_dir() else full.parent))
        return DiskFull(
            f"the disk is full: {error.filename or error}", f"df -h {where}", path=str(error.filename)
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return PermissionRefused(
            f"no permission to write: {error.filename or error}", path=str(error.filename)
        )
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return AlreadyExists(
            f"a file is in the way: {error.filename or error} has to be a folder", path=str(error.filename)
        )
    return error

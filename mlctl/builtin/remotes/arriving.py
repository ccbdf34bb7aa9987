"""Bytes that arrive from a store, appended to a file of this machine."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mlctl.contracts.remote import Told
from mlctl.domain.errors import DiskFull, PermissionRefused

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def appending(target: Path, told: Told) -> Iterator[Callable[[bytes], None]]:
    """A function that appends to the file at once, unbuffered, and tells of it.

    Raises:
        DiskFull, PermissionRefused: of the target.
    """
    with local(target):
        descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(data: bytes) -> None:
        view = memoryview(data)
        with local(target):
            while view:
                view = view[os.write(descriptor, view) :]
        told(len(data))

    try:
        yield append
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def local(path: Path) -> Iterator[None]:
    """The operating system's refusals of a local file in mlctl's words."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"{path}: no space left", "df -h .", path=str(path)) from error
        if error.errno in _REFUSED:
            raise PermissionRefused(f"{path}: {error.strerror}", path=str(path)) from error
        raise

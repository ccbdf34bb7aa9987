"""Files and folders of this machine, outside the project."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from mlctl.datasets.brought import Brought, brought_file, brought_folder
from mlctl.datasets.stat_memory import passing_memory
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.imported import Lock, Source
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.snapshot import snapshot


def path_state(source: Source) -> Lock:
    """Size and newest time of modification, without reading: any change to a folder shows in one of both.

    Raises:
        NotFound: there is nothing. UsageError: it is a link.
    """
    path = Path(source.url)
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{path} does not exist", "mlctl data import --help", path=str(path)) from None
    if stat.S_ISLNK(status.st_mode):
        raise UsageError(f"{path} is a symbolic link; import what it points to", path=str(path))
    if not stat.S_ISDIR(status.st_mode):
        return Lock(size=status.st_size, modified_ns=status.st_mtime_ns)
    size, newest = 0, status.st_mtime_ns
    for inside in _below(path):
        newest = max(newest, inside.st_mtime_ns)
        size += 0 if stat.S_ISDIR(inside.st_mode) else inside.st_size
    return Lock(size=size, modified_ns=newest)


def bring_path(session: Session, source: Source, lock: Lock, cache: DvcCache) -> Brought:
    """Read the file or folder once, into the cache.

    Raises:
        NotFound, UsageError, InvalidName, PermissionRefused, DiskFull: as the scan and the cache.
    """
    path = Path(source.url)
    root = session.root.resolve()
    if path == root or root in path.parents or path in root.parents:
        raise UsageError(
            f"{path} and the project are not apart; files of the project are added", "mlctl data add --help"
        )
    found = snapshot(path.parent, path.name, memory=passing_memory(), cache=cache, report=session.report)
    now = Lock(size=lock.size, modified_ns=lock.modified_ns, md5=found.md5)
    if found.is_folder:
        return brought_folder(cache, found.entries(), now)
    return brought_file(next(found.entries()), now)


def _below(folder: Path) -> Iterator[os.stat_result]:
    for entry in os.scandir(folder):
        yield entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path))

"""DVC's own lock on a project, so that mlctl and dvc never write pointers or the cache at the same time."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlctl.domain.errors import Locked
from mlctl.workspace.files import said

_PAUSE = 0.05


@contextmanager
def dvc_lock(root: Path, targets: list[Path], *, wait: float = 5.0) -> Iterator[None]:
    """Hold `.dvc/tmp/lock`, as every dvc command does, and respect what a running `dvc repro` has reserved.

    Args:
        root: the project.
        targets: the files and folders that will be written.
        wait: seconds to wait for another command to end.

    Raises:
        Locked: somebody else still holds it.
    """
    folder = root / ".dvc" / "tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise said(error) from error
    try:
        _take(handle, folder / "lock", wait)
        os.ftruncate(handle, 0)
        os.write(handle, f" {os.getpid()}\n".encode())
        _check_reserved(folder / "rwlock", targets)
        yield
    finally:
        os.close(handle)  # closing gives the lock back, and so does being killed


def _take(handle: int, path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Locked(f"another dvc or mlctl data command holds {path}", path=str(path)) from None
            time.sleep(_PAUSE)
        else:
            return


def _check_reserved(path: Path, targets: list[Path]) -> None:
    """DVC gives the lock back while a stage runs, and lists the stage's paths with its process here."""
    try:
        reserved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for kind in ("write", "read"):
        for name, holders in (reserved.get(kind) or {}).items():
            held = Path(name)
            if not any(
                held == target or held in target.parents or target in held.parents for target in targets
            ):
                continue
            for holder in holders if isinstance(holders, list) else [holders]:
                if _alive(int(holder["pid"])):
                    raise Locked(f"{holder['cmd']!r} (process {holder['pid']}) is using {name}", path=name)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""Many files between two folders of this machine: the cache and a remote that is a folder, either way.

Files are copied and verified in worker processes, aside; the disk is flushed once for some thousand of them;
then they get their names. So a file that is there is whole, after a power cut too.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from mlctl.workspace.copying import DAMAGED, Copier, Failed, Order, umask
from mlctl.workspace.files import said
from mlctl.workspace.workers import Workers

_FLUSHED = 8_192  # files a flush
_BATCH = 256  # files a message
_FEW = 600  # files below which starting workers costs more than it saves
_DAY = 86_400.0


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a copy.

    Attributes:
        missing, damaged: md5 of files that the source lacks, or whose bytes are others; they were not copied.
    """

    files: int
    bytes: int
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def copy(
    source: Path,
    target: Path,
    aside: str,
    md5s: Sequence[str],
    told: Callable[[int, int], None],
    *,
    folder_mode: int | None = None,
) -> Copied:
    """Copy files by md5; they are flushed when this returns.

    Args:
        source: folder in DVC's layout.
        target: the same, to be filled; made where it is not there.
        aside: the target's folder for files that are being written.
        md5s: of the files, none of them in the target.
        told: of files and bytes copied.
        folder_mode: of the folders that are made; as the umask says if None.

    Raises:
        DiskFull, PermissionRefused: of the target; what was copied before stays.
    """
    files = size = 0
    wrong: dict[int, list[str]] = {errno.ENOENT: [], DAMAGED: []}
    mode = 0o777 & ~umask() if folder_mode is None else folder_mode
    with (
        _own_folder(target, aside) as own,
        _hands(len(md5s), str(source), str(target), own, mode) as hand_out,
    ):
        groups = [md5s[first : first + _FLUSHED] for first in range(0, len(md5s), _FLUSHED)]
        following = hand_out("copy", groups[0]) if groups else []
        for number in range(len(groups)):
            good: list[str] = []
            for names, answers in following:
                done = 0
                for md5, answer in zip(names, answers(), strict=False):
                    if isinstance(answer, int):
                        good.append(md5)
                        done += answer
                    else:
                        wrong[_judged(answer, target)].append(md5)
                told(len(names), done)
                size += done
            # while the disk is flushed, the next ones are copied
            following = hand_out("copy", groups[number + 1]) if number + 1 < len(groups) else []
            os.sync()
            for _, answers in hand_out("place", good):
                for answer in answers():
                    if not isinstance(answer, int):
                        raise said(OSError(answer[0], answer[2], str(target)))
            files += len(good)
        os.sync()
    return Copied(files=files, bytes=size, missing=tuple(wrong[errno.ENOENT]), damaged=tuple(wrong[DAMAGED]))


def _judged(failed: Failed, target: Path) -> int:
    number, _, text = failed
    if number in {DAMAGED, errno.ENOENT}:
        return number
    raise said(OSError(number, text, str(target)))


@contextmanager
def _own_folder(target: Path, aside: str) -> Iterator[str]:
    """A folder for the files of this run, relative to the target; what is left there goes with it."""
    name = f"{aside}/copying-{os.getpid()}-{secrets.token_hex(6)}"
    try:
        (target / name).mkdir(parents=True)
        (target / "files/md5").mkdir(parents=True, exist_ok=True)
        _sweep(target / aside)
    except OSError as error:
        raise said(error) from error
    try:
        yield name
    finally:
        shutil.rmtree(target / name, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove the folders of runs that were killed; one that lives writes more often than daily."""
    now = folder.stat().st_mtime  # just now, by the clock of the disk: we made a folder in it
    for path in folder.iterdir():
        with suppress(OSError):
            if path.name.startswith("copying-") and path.is_dir() and now - path.stat().st_mtime > _DAY:
                shutil.rmtree(path, ignore_errors=True)


Batch = tuple[Sequence[str], Callable[[], list[int | Failed]]]
"""Files, and what asks for their answers."""


@contextmanager
def _hands(count: int, *arguments: Any) -> Iterator[Callable[[str, Sequence[str]], list[Batch]]]:
    """A function that has one thing done to many files: by worker processes, or here while they are few."""
    copier = Copier(*arguments) if count <= _FEW else None
    workers = Workers("copy", *arguments) if copier is None else None

    def hand_out(verb: str, md5s: Sequence[str]) -> list[Batch]:
        batches = [md5s[first : first + _BATCH] for first in range(0, len(md5s), _BATCH)]
        return [(names, _asked(copier, workers, [(verb, md5) for md5 in names])) for names in batches]

    try:
        yield hand_out
    except BaseException:
        if workers is not None:
            workers.close(abort=True)
        raise
    else:
        if workers is not None:
            workers.close()
    finally:
        if copier is not None:
            copier.close()


def _asked(
    copier: Copier | None, workers: Workers | None, orders: list[Order]
) -> Callable[[], list[int | Failed]]:
    if workers is not None:
        return workers.submit(orders).result
    if copier is None:
        raise AssertionError("there are workers, or a copier of this process")
    return partial(copier.do, orders)

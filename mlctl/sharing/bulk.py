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
from pathlib import Path

import msgspec

from mlctl.workspace.copying import DAMAGED, Copier, Failed, Order
from mlctl.workspace.files import said

_FLUSHED = 8_192  # files a flush
_BATCH = 256  # files a message
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
    source: Path, target: Path, aside: str, md5s: Sequence[str], told: Callable[[int, int], None]
) -> Copied:
    """Copy files by md5; they are flushed when this returns.

    Args:
        source: folder in DVC's layout.
        target: the same, to be filled; made where it is not there.
        aside: the target's folder for files that are being written.
        md5s: of the files, none of them in the target.
        told: of files and bytes copied.

    Raises:
        DiskFull, PermissionRefused: of the target; what was copied before stays.
    """
    files = size = 0
    missing: list[str] = []
    damaged: list[str] = []
    with _own_folder(target, aside) as folder, _workers(source, target, folder, len(md5s)) as do:
        for first in range(0, len(md5s), _FLUSHED):
            good: list[str] = []
            for batch, answers in do("copy", md5s[first : first + _FLUSHED]):
                sizes = [answer for answer in answers if isinstance(answer, int)]
                for md5, answer in zip(batch, answers, strict=False):
                    if isinstance(answer, int):
                        good.append(md5)
                    else:
                        (damaged if _judged(answer, target) == DAMAGED else missing).append(md5)
                told(len(sizes), sum(sizes))
                size += sum(sizes)
            os.sync()
            for _, answers in do("place", good):
                for answer in answers:
                    if not isinstance(answer, int):
                        raise said(OSError(*answer[::2], str(target)))
            files += len(good)
        os.sync()
    return Copied(files=files, bytes=size, missing=tuple(missing), damaged=tuple(damaged))


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


Do = Callable[[str, Sequence[str]], Iterator[tuple[Sequence[str], list[int | Failed]]]]


@contextmanager
def _workers(source: Path, target: Path, folder: str, count: int) -> Iterator[Do]:
    """A function that does one thing to many files and gives back batches with their answers."""
    del count
    copier = Copier(str(source), str(target), folder)

    def do(verb: str, md5s: Sequence[str]) -> Iterator[tuple[Sequence[str], list[int | Failed]]]:
        for first in range(0, len(md5s), _BATCH):
            batch = md5s[first : first + _BATCH]
            orders: list[Order] = [(verb, md5) for md5 in batch]
            yield batch, copier.do(orders)

    try:
        yield do
    finally:
        copier.close()

"""Files that are to be read: by this process while they are few, by worker processes once they are many."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from mlctl.workspace.dvc_cache import DvcCache, taken
from mlctl.workspace.hashing import Failed, Item, Stamp, Taken, Taker
from mlctl.workspace.workers import Job, Workers

_FILES = 256  # in a batch
_BYTES = 32 << 20
_FEW = 600  # files below which starting workers costs more than it saves
_LITTLE = 64 << 20


def batches(numbers: list[int], stamps: list[Stamp]) -> Iterator[tuple[list[int], int]]:
    """The numbers of files in batches that are worth one message each, and their bytes in all.

    Args:
        numbers: of files.
        stamps: of all files.
    """
    for begin in range(0, len(numbers), _FILES):
        batch = numbers[begin : begin + _FILES]
        size, start = 0, 0
        for at, number in enumerate(batch, 1):
            size += stamps[number][0]
            if size > _BYTES:
                yield batch[start:at], size
                size, start = 0, at
        if start < len(batch):
            yield batch[start:], size


class Ticket:
    """A batch that is to be read, or was."""

    def __init__(self, pool: "Pool", items: list[Item]) -> None:
        self._pool = pool
        self.items = items
        self.job: Job | None = None

    def answers(self) -> list[Taken]:
        """What the files hold.

        Raises:
            NotFound, PermissionRefused, DiskFull: one of them cannot be read or kept.
            WorkspaceDirty: one that is to be kept changes all the time.
        """
        answers = self._pool.here(self) if self.job is None else self.job.result()
        taken(answers[-1], self._pool.folder)  # nothing comes after a failure
        good = cast("list[Taken]", answers)
        if self._pool.cache is not None:
            self._pool.cache.took(answer[0] for answer in good)
        return good


class Pool:
    """Reads the files of one folder."""

    def __init__(self, root: Path, path: str, cache: DvcCache | None) -> None:
        self.folder = root / path
        self.cache = cache
        self._early: list[Ticket] = []
        self._files = self._bytes = 0
        self._workers: Workers | None = None
        self._taker: Taker | None = None

    def ask(self, items: list[Item], size: int) -> Ticket:
        """Have these files, of so many bytes, read: now or when the answers are asked for."""
        ticket = Ticket(self, items)
        self._files += len(items)
        self._bytes += size
        if self._workers is not None:
            ticket.job = self._workers.submit(items)
            return ticket
        self._early.append(ticket)
        if self._files > _FEW or (self._bytes > _LITTLE and self._files > 1):
            self._workers = Workers("take", *self._arguments())
            for early in self._early:
                early.job = self._workers.submit(early.items)
            self._early.clear()
        return ticket

    def here(self, ticket: Ticket) -> list[Taken | Failed]:
        """Read a batch in this process."""
        self._early.remove(ticket)
        if self._taker is None:
            self._taker = Taker(*self._arguments())
        return self._taker.do(ticket.items)

    def close(self, *, abort: bool = False) -> None:
        """Let the workers go."""
        if self._workers is not None:
            self._workers.close(abort=abort)
        if self._taker is not None:
            self._taker.close()

    def _arguments(self) -> tuple[str, str | None, int]:
        if self.cache is None:
            return str(self.folder), None, 0
        self.cache.prepare()
        return str(self.folder), str(self.cache.folder), self.cache.folder_mode

"""Taking many facts into a disposable table: a batch at a time, each in a transaction of its own.

Whoever is killed on the way, or interrupted, leaves what is done; the next one goes on from there.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from mlctl.domain.progress import Event, Report

_MOST = 4096
_T = TypeVar("_T")


def batches(items: Sequence[_T], step: str, report: Report) -> Iterator[Sequence[_T]]:
    """The items in turn, as many at a time as are taken in at once.

    Args:
        items: in any order.
        step: what is being done, for the report.
        report: told of every batch that is done, where there is more than one.
    """
    for start in range(0, len(items), _MOST):
        yield items[start : start + _MOST]
        if len(items) > _MOST:
            done = min(start + _MOST, len(items))
            report(Event(step=step, done=done, total=len(items), unit="files"))


@contextmanager
def whole(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise

"""Calls on a store side by side, as many as it says are worth while; one after another where that is one."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(parallel: int, act: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in the items' order; the first failure is raised when all that had begun have ended."""
    if parallel <= 1:
        yield from map(act, items)
        return
    with ThreadPoolExecutor(parallel) as pool:
        yield from pool.map(act, list(items))


def all_of(parallel: int, act: Callable[[T], object], items: Iterable[T]) -> None:
    """Carry out the act on every item."""
    for _ in side_by_side(parallel, act, items):
        pass

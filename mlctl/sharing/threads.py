"""Several calls at once; the library's own pool takes longer to import than a push of nothing takes."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


def several(act: Callable[[A], R], items: Iterable[A], parallel: int) -> list[R]:
    """What the act gives for each item, in order; so many at once.

    The first failure is raised, once the calls that have begun are through; no other begins after it.
    """
    todo = list(items)
    if parallel <= 1 or len(todo) <= 1:
        return [act(item) for item in todo]
    results: dict[int, R] = {}
    failures: list[BaseException] = []
    following = iter(enumerate(todo))
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                one = None if failures else next(following, None)
            if one is None:
                return
            number, item = one
            try:
                results[number] = act(item)
            except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
                failures.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(parallel, len(todo)))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:  # Ctrl-C: nothing new begins
        failures.append(error)
        raise
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(todo))]

"""A store that tries again: bounded, with a pause that doubles and is drawn at random.

`create` is never repeated blindly. Where it is not known what became of it, the key is read: one's own bytes
there mean that it was won. So the bytes given to `create` must be the caller's own (an id in them).
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.errors import Missing, Unreachable

T = TypeVar("T")

TRIES = 10
"""So that a store that fails a third of all requests at random fails one in 60,000 of ours."""

_FIRST = 0.1  # seconds
_LONGEST = 8.0  # seconds
_TOLD = 3  # tries, within a second


class RetryingStore:
    """A store in front of another one; what passes is tried again, all else is as the other says.

    Args:
        inner: the store that is asked.
        tries: how often at most.
        pause: sleeps so many seconds.
        rng: draws the pauses.
        waits: called where somebody may begin to wonder.
    """

    def __init__(
        self,
        inner: RemoteStore,
        *,
        tries: int = TRIES,
        pause: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        waits: Callable[[], None] = lambda: None,
    ) -> None:
        self.inner = inner
        self.url = inner.url
        self.writable = inner.writable
        self.parallel = inner.parallel
        self._tries = tries
        self._pause = pause
        self._waits = waits
        self._rng = rng or random.Random()  # noqa: S311 - spreads callers in time, guards nothing

    @property
    def folder(self) -> Path | None:
        """Where the store is a folder of this machine: that folder."""
        return getattr(self.inner, "folder", None)

    def read(self, key: str) -> bytes:
        """As the other, tried again."""
        return self._again(lambda: self.inner.read(key))

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """As the other, going on from what has arrived."""

        def act() -> None:
            with contextlib.suppress(FileNotFoundError):
                there.append(target.stat().st_size)
            self.inner.fetch(key, target, told, start=there[-1])

        there = [start]
        self._again(act, progress=lambda: target.exists() and target.stat().st_size > there[-1])

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """As the other, going on behind what was handed over."""
        done = before = start

        def count(data: bytes) -> None:
            nonlocal done
            sink(data)
            done += len(data)

        def act() -> None:
            nonlocal before
            before = done
            self.inner.stream(key, count, start=done)

        self._again(act, progress=lambda: done > before)

    def put(self, key: str, data: bytes) -> None:
        """As the other, tried again."""
        self._again(lambda: self.inner.put(key, data))

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """As the other, tried again; bytes sent twice are told once."""
        furthest = before = 0

        def act() -> None:
            nonlocal before
            sent, before = 0, furthest

            def once(more: int) -> None:
                nonlocal sent, furthest
                sent += more
                if sent > furthest:
                    told(sent - furthest)
                    furthest = sent

            self.inner.put_file(key, source, once)

        self._again(act, progress=lambda: furthest > before)

    def create(self, key: str, data: bytes) -> bool:
        """As the other; on doubt the key is read and compared, and only where it is absent tried again.

        Raises:
            Unreachable: with the fact `in_doubt` True where the key could not be read in the end.
        """
        doubt = False
        for attempt in range(self._tries):
            try:
                if doubt:
                    with contextlib.suppress(Missing):  # not there yet: a late first try would be found below
                        return self.inner.read(key) == data
                won = self.inner.create(key, data)
                if won or not doubt:
                    return won
                return self.inner.read(key) == data  # a try that was given up may have arrived meanwhile
            except Unreachable as error:
                doubt = doubt or bool(error.facts.get("in_doubt"))
                if attempt == self._tries - 1:
                    error.facts["in_doubt"] = doubt
                    raise
            self._wait(attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """As the other; where asking for all at once fails, each is asked for and tried again by itself."""
        asked = list(keys)
        with contextlib.suppress(Unreachable):
            return self.inner.sizes(asked)
        return self._each([[key] for key in asked], self.inner.sizes)

    def md5s(self, keys: Iterable[str]) -> dict[str, str]:
        """What the other has computed of its bytes, tried again folder by folder; {} where it does not."""
        ask = getattr(self.inner, "md5s", None)
        folders: dict[str, list[str]] = {}
        for key in keys:
            folders.setdefault(key.rpartition("/")[0], []).append(key)
        return {} if ask is None else self._each([*folders.values()], ask)

    def list(self, prefix: str) -> Iterator[Listed]:
        """As the other; where it breaks off, it begins again behind the last key."""
        last, attempt = "", 0
        while True:
            try:
                for one in self.inner.list(prefix):
                    if one.key > last:
                        last, attempt = one.key, 0
                        yield one
            except Unreachable:
                attempt += 1
                if attempt >= self._tries:
                    raise
                self._wait(attempt - 1)
            else:
                return

    def remove(self, keys: Iterable[str]) -> None:
        """As the other, tried again."""
        asked = list(keys)
        self._again(lambda: self.inner.remove(asked))

    def close(self) -> None:
        """Close the other."""
        self.inner.close()

    def _each(
        self, groups: Sequence[Sequence[str]], ask: Callable[[Sequence[str]], dict[str, T]]
    ) -> dict[str, T]:
        """The answers for all groups of keys, several at once; a failure of one is no other's."""
        if not groups:
            return {}
        with ThreadPoolExecutor(min(self.parallel, len(groups))) as pool:
            parts = pool.map(lambda group: self._again(lambda: ask(group)), groups)
            return {key: value for part in parts for key, value in part.items()}

    def _again(self, act: Callable[[], T], progress: Callable[[], bool] = lambda: False) -> T:
        """Try; a try that made progress doesn't count."""
        attempt = 0
        while True:
            try:
                return act()
            except Unreachable:
                attempt = 1 if progress() else attempt + 1
                if attempt >= self._tries:
                    raise
            self._wait(attempt - 1)

    def _wait(self, attempt: int) -> None:
        if attempt == _TOLD:
            self._waits()
        self._pause(self._rng.uniform(0.5, 1.0) * min(_LONGEST, _FIRST * 2**attempt))

"""A remote in memory whose answers get lost and whose puts may arrive late, and at whose every call a test
may act.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mlctl.contracts.remote import Listed, Told
from mlctl.domain.errors import Missing, Unreachable


class Bucket:
    """What all clients share; `late` are puts that their senders gave up."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.late: list[tuple[str, bytes]] = []

    def arrive(self, chance: random.Random) -> None:
        """One late put-if-absent arrives."""
        if self.late:
            key, data = self.late.pop(chance.randrange(len(self.late)))
            self.held.setdefault(key, data)


class MemoryStore:
    """One client.

    Args:
        bucket: what is asked.
        act: called before each request with its name and key; may raise, or do anything else.
        fate: of a put-if-absent: "fine", "lost" (done, and the answer lost), "late" or "never".
    """

    url = "memory://bucket"
    writable = True
    parallel = 1

    def __init__(
        self,
        bucket: Bucket,
        act: Callable[[str, str], None] = lambda _what, _key: None,
        fate: Callable[[], str] = lambda: "fine",
    ) -> None:
        self.bucket = bucket
        self.asked: list[tuple[str, str]] = []
        self._act = act
        self._fate = fate

    def _on(self, what: str, key: str) -> None:
        self.asked.append((what, key))
        self._act(what, key)

    def read(self, key: str) -> bytes:
        self._on("read", key)
        if key not in self.bucket.held:
            raise Missing(f"no {key}", key=key)
        return self.bucket.held[key]

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        self._on("fetch", key)
        if key not in self.bucket.held:
            raise Missing(f"no {key}", key=key)
        data = self.bucket.held[key][start:]
        with target.open("ab") as file:
            file.write(data)
        told(len(data))

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        sink(self.read(key)[start:])

    def put(self, key: str, data: bytes) -> None:
        self._on("put", key)
        self.bucket.held[key] = data

    def put_file(self, key: str, source: Path, told: Told) -> None:
        self._on("put", key)
        self.bucket.held[key] = source.read_bytes()
        told(len(self.bucket.held[key]))

    def create(self, key: str, data: bytes) -> bool:
        self._on("create", key)
        fate = self._fate()
        if fate == "never":
            raise Unreachable("timed out", in_doubt=True)
        if fate == "late":
            self.bucket.late.append((key, data))
            raise Unreachable("timed out", in_doubt=True)
        made = key not in self.bucket.held
        self.bucket.held.setdefault(key, data)
        if fate == "lost":
            raise Unreachable("timed out", in_doubt=True)
        return made

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        asked = list(keys)
        for key in asked:
            self._on("size", key)
        return {key: len(self.bucket.held[key]) for key in asked if key in self.bucket.held}

    def list(self, prefix: str) -> Iterator[Listed]:
        self._on("list", prefix)
        for key in sorted(self.bucket.held):
            if key.startswith(prefix):
                yield Listed(key, len(self.bucket.held[key]))

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.bucket.held.pop(key, None)

    def close(self) -> None:
        pass

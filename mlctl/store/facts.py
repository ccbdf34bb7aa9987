"""Facts: immutable records named by their sha256, verified whenever they are read."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from mlctl.domain.errors import InvalidName
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.records import Fact, decode, digest_of, encode
from mlctl.store.fact_files import fact_names, read_fact, read_facts
from mlctl.store.files import Files
from mlctl.store.index import FIELDS, Index
from mlctl.store.layout import Layout

F = TypeVar("F", bound=Fact)


class Facts:
    """The facts of a repository; adding one that is there already changes nothing."""

    def __init__(self, layout: Layout, files: Files, index: Index) -> None:
        self._layout = layout
        self._files = files
        self._index = index

    def add(self, fact: Fact) -> Digest:
        """Store a fact; its digest. What it names must be stored before.

        Raises:
            msgspec.ValidationError: it could not be read back (a NaN for a number); nothing is stored.
        """
        data = encode(fact)
        decode(data, type(fact))  # a fact is for ever: one that nobody can read must not be written
        digest = digest_of(data)
        path = self._layout.fact(fact.kind, digest)
        if not (_holds(path, data) and self._files.renew(path)):  # its writer may not have flushed it
            self._files.put(path, data)
        return digest

    def has(self, shape: type[Fact], digest: str) -> bool:
        """Whether the fact is there; its bytes are not looked at."""
        return self._layout.fact(shape.kind, digest).exists()

    def get(self, shape: type[F], digest: str) -> F:
        """One fact, verified.

        Raises:
            Missing: there is none of this kind and digest.
            Corrupt: its file holds other bytes, or no record of this shape.
        """
        if not is_digest(digest):
            raise InvalidName(f"{digest!r} is no sha256", digest=digest)
        fact: F = read_fact(self._layout.fact(shape.kind, digest), digest, shape)
        return fact

    def many(self, shape: type[F], digests: Iterable[str]) -> Iterator[tuple[Digest, F]]:
        """Facts of a kind one after the other, each verified: several times as quick as `get` for each.

        Raises:
            Missing, Corrupt: as `get`.
        """
        return read_facts(self._layout.facts / shape.kind, digests, shape)

    def all(self, shape: type[F]) -> list[tuple[Digest, F]]:
        """Every fact of a kind, by `created_at`, newest last."""
        return self._load(shape, list(fact_names(self._layout.facts / shape.kind)))

    def where(self, shape: type[F], **equal: str | None) -> list[tuple[Digest, F]]:
        """Facts of a kind whose fields have these values, newest last.

        Only the fields of `index.FIELDS` can be asked for.
        """
        unknown = set(equal) - set(FIELDS[shape.kind])
        if unknown:
            raise ValueError(f"{shape.kind} facts are not indexed by {sorted(unknown)}")
        return self._load(shape, self._index.matching(shape.kind, equal))

    def beginning(self, shape: type[F], field: str, prefix: str) -> list[tuple[Digest, F]]:
        """Facts of a kind whose field begins with the prefix, newest last; fields as in `where`."""
        return self._load(shape, self._index.beginning(shape.kind, field, prefix))

    def starting(self, shape: type[Fact], prefix: str) -> list[Digest]:
        """Digests of facts of a kind that begin with the prefix, in order."""
        return sorted(name for name in fact_names(self._layout.facts / shape.kind) if name.startswith(prefix))

    def _load(self, shape: type[F], digests: list[Digest]) -> list[tuple[Digest, F]]:
        found = list(self.many(shape, digests))
        found.sort(key=lambda pair: (pair[1].created_at, pair[0]))
        return found


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False

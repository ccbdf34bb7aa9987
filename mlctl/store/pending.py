"""`.mlctl/pending/`: decisions that wait for publication, in one chain of the repository, and their marks.

A number is taken once, by link(2), and never given again: what is published or dropped is marked. Marks stand
beside an entry: `.sent` (the shared numbers that it was put at, written before each put), `.published`,
`.dropped`. `joined` says that this repository's log is a remote's; without it nothing here counts.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mlctl.domain.decision import Actor, Committed
from mlctl.domain.errors import Corrupt, FormatTooNew
from mlctl.domain.ids import Digest
from mlctl.domain.records import Record, decode, digest_of, encode
from mlctl.domain.sharing import PENDING, PendingEntry, Published, numbers_carried, published_as, spoken
from mlctl.store.files import READ_ONLY, Files, flush_file
from mlctl.store.layout import FORMAT, Layout
from mlctl.store.sealed_line import seal, unseal

M = TypeVar("M")


class Joined(Record, frozen=True, kw_only=True):
    """The log of this repository is a remote's; what is decided here waits in the chain.

    Attributes:
        turn: another one whenever entries of `decisions/` gave way to others, so that readers begin anew.
        replaced_after: while own entries give way to shared ones (`store.joining`), the number after which
            `pending/joining/` holds the log and `decisions/` does not; else None.
        only: names that alone this repository has facts for; empty for all.
        repository: id of the other repository whose log was adopted; `config.toml` says it too, or will once
            the next fetch or push has begun.
    """

    format: int = FORMAT
    turn: str = ""
    replaced_after: int | None = None
    only: tuple[str, ...] = ()
    repository: str | None = None


class Sent(Record, frozen=True, kw_only=True):
    """Shared numbers at which an entry may have been put; it is in doubt until they have been read."""

    numbers: tuple[int, ...]


class PublishedMark(Record, frozen=True, kw_only=True):
    """The entry is this one of the shared log."""

    number: int
    sha256: Digest
    versions: Mapping[str, str]


class Dropped(Record, frozen=True, kw_only=True):
    """Somebody has given the entry up."""

    at: str
    actor: Actor
    command: str


class Settled(Record, frozen=True, kw_only=True):
    """A cache: all entries up to `number` are published or dropped.

    Attributes:
        carried: family to the highest version number that a dropped one of them carried.
    """

    number: int = PENDING
    carried: Mapping[str, int] = {}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the chain with its marks.

    Attributes:
        sha256: digest of the entry's body.
    """

    entry: PendingEntry
    sha256: Digest
    sent: tuple[int, ...]
    published: PublishedMark | None
    dropped: bool


class Pending:
    """The chain of one repository. Only the holder of the sharing lock writes marks."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._files = files
        self._entries: dict[int, tuple[PendingEntry, Digest]] = {}

    def joined(self) -> Joined | None:
        """Whether the log is a remote's, and what is to be known of that; None where it is our own."""
        return self._mark(self._layout.joined, Joined)

    def write_joined(self, joined: Joined) -> None:
        """Say that the log is a remote's."""
        self._layout.pending.mkdir(parents=True, exist_ok=True)
        self._files.replace(self._layout.joined, seal(encode(joined)))

    def leave(self) -> None:
        """The log is our own again. Nothing may wait for publication."""
        self._layout.joined.unlink(missing_ok=True)
        flush_file(self._layout.pending)

    def settled_until(self) -> Settled:
        """Up to where nothing waits any more; a damaged cache says nothing."""
        try:
            return self._mark(self._layout.settled, Settled) or Settled()
        except Corrupt:
            return Settled()

    def tail(self) -> list[Held]:
        """The entries after those that are known to be settled, in order.

        Raises:
            Corrupt: an entry or a mark does not verify, or the chain is broken.
        """
        found: list[Held] = []
        number = self.settled_until().number
        parent = None
        while (held := self.held(number := number + 1)) is not None:
            if parent is not None and held.entry.parent != parent:
                path = self._layout.pending_entry(number)
                raise Corrupt(f"{path} does not follow the entry before it", "mlctl fsck", path=str(path))
            found.append(held)
            parent = held.sha256
        return found

    def everything(self) -> Iterator[Held]:
        """Every entry of the chain, in order."""
        number = PENDING
        while (held := self.held(number := number + 1)) is not None:
            yield held

    def held(self, number: int) -> Held | None:
        """One entry with its marks; None where there is none."""
        known = self._entries.get(number)
        if known is None:
            path = self._layout.pending_entry(number)
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
            known = self._entries[number] = read_pending(path, number, data)
        sent = self._mark(self._layout.sent(number), Sent)
        return Held(
            entry=known[0],
            sha256=known[1],
            sent=sent.numbers if sent else (),
            published=self._mark(self._layout.published(number), PublishedMark),
            dropped=self._mark(self._layout.dropped(number), Dropped) is not None,
        )

    def create(self, entry: PendingEntry) -> Committed | None:
        """Take the entry's number; None where another process has it."""
        body = encode(entry)
        path = self._layout.pending_entry(entry.number)
        won = self._files.claim(path, seal(body), mode=READ_ONLY, is_ours=lambda: self._won(entry))
        return Committed(entry=entry, sha256=digest_of(body)) if won else None

    def _won(self, entry: PendingEntry) -> bool:
        held = self.held(entry.number)
        return held is not None and held.entry.id == entry.id

    def mark_sent(self, number: int, at: int) -> None:
        """Before a put at a shared number: from now on the entry is in doubt there."""
        held = self._mark(self._layout.sent(number), Sent)
        numbers = held.numbers if held else ()
        if at not in numbers:
            mark = Sent(numbers=tuple(sorted((*numbers, at))))
            self._files.replace(self._layout.sent(number), seal(encode(mark)))

    def mark_not_sent(self, number: int, at: int) -> None:
        """The put at this number certainly stored nothing, and none before it is in doubt there."""
        held = self._mark(self._layout.sent(number), Sent)
        left = tuple(one for one in (held.numbers if held else ()) if one != at)
        if left:
            self._files.replace(self._layout.sent(number), seal(encode(Sent(numbers=left))))
        elif held is not None:
            self._layout.sent(number).unlink(missing_ok=True)
            flush_file(self._layout.pending)

    def mark_published(self, number: int, as_: Committed) -> None:
        """The shared log holds the entry; its decision is on the disk."""
        published = published_as(as_.entry)
        mark = PublishedMark(number=published.number, sha256=as_.sha256, versions=published.versions)
        self._files.replace(self._layout.published(number), seal(encode(mark)), mode=READ_ONLY)

    def mark_dropped(self, number: int, mark: Dropped) -> None:
        """Give the entry up; it must not be in doubt."""
        self._files.replace(self._layout.dropped(number), seal(encode(mark)), mode=READ_ONLY)

    def advance(self) -> None:
        """Bring the cache of what is settled up to date; a failure costs nothing but time."""
        before = after = self.settled_until()
        with suppress(OSError):
            for held in self.tail():
                if held.published is None and not held.dropped:
                    break
                carried = dict(after.carried)
                if held.published is None:
                    for family, number in numbers_carried(held.entry).items():
                        carried[family] = max(carried.get(family, 0), number)
                after = Settled(number=held.entry.number, carried=carried)
            if after != before:
                self._files.replace(self._layout.settled, seal(encode(after)))

    def _mark(self, path: Path, shape: type[M]) -> M | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return decode(unseal(path, data), shape)
        except msgspec.DecodeError as error:
            raise Corrupt(f"{path} is no {shape.__name__}: {error}", "mlctl fsck", path=str(path)) from error


def read_pending(path: Path, number: int, data: bytes) -> tuple[PendingEntry, Digest]:
    """The pending entry that a file's bytes hold, and its digest.

    Raises:
        Corrupt: the bytes do not verify, or are another number's.
        FormatTooNew: a newer mlctl wrote it.
    """
    body = unseal(path, data)
    try:
        format_ = decode(body, dict[str, Any]).get("format")
        if isinstance(format_, int) and format_ > FORMAT:
            raise FormatTooNew(
                f"{path} was written by a newer mlctl", "pip install --upgrade mlctl", path=str(path)
            )
        entry = decode(body, PendingEntry)
    except msgspec.DecodeError as error:
        raise Corrupt(f"{path} is no decision: {error}", "mlctl fsck", path=str(path)) from error
    if entry.number != number:
        raise Corrupt(f"{path} holds decision {spoken(entry.number)}", "mlctl fsck", path=str(path))
    return entry, digest_of(body)


def published_of(held: Held) -> Published | None:
    """What became of an entry by its mark."""
    mark = held.published
    return None if mark is None else Published(number=mark.number, versions=mark.versions)

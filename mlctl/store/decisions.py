"""The decision log: numbered, hash-chained entries, each committed by creating its file exclusively.

A number is taken once and never deleted; the loser of a race reads again, checks again and tries the next
one. Where the log is a remote's (`store.pending`), decisions made here wait in a chain of their own, and
names are the fold of the log with that chain on top.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlctl.domain.decision import Actor, BrokenLog, Committed, Draft, Entry, fold
from mlctl.domain.errors import Corrupt, Missing, MlctlError, NotFound
from mlctl.domain.names import Names
from mlctl.domain.records import digest_of, encode
from mlctl.domain.sharing import (
    PENDING,
    Overlay,
    PendingEntry,
    Published,
    is_pending,
    made_by,
    numbers_carried,
    overlay,
    published_as,
    spoken,
)
from mlctl.store.checkpoint import EVERY, MOVED, Checkpoints
from mlctl.store.decision_files import lost_decision, read_decision
from mlctl.store.drafts import entry_of, refuse_dangling, refuse_held, refuse_overtaking, refuse_stale
from mlctl.store.files import READ_ONLY, Files
from mlctl.store.joining import finish
from mlctl.store.layout import Layout, highest_number
from mlctl.store.locks import trying_to_write, writing
from mlctl.store.pending import Held, Joined, Pending, published_of
from mlctl.store.sealed_line import seal

_LONG = 4 * EVERY
INIT = "init"
"""The kind of the first decision of every log."""


class Decisions:
    """The log of a repository.

    Attributes:
        pending: the chain of what waits for publication; empty where the log is our own.
    """

    def __init__(
        self,
        layout: Layout,
        files: Files,
        named: Callable[[Draft], list[Path]],
        secure: Callable[[Draft], None] = lambda _draft: None,
    ) -> None:
        self.pending = Pending(layout, files)
        self._layout = layout
        self._files = files
        self._named = named
        self._secure = secure
        self._checkpoints = Checkpoints(layout, files, self.names_until)
        self._names: Names | None = None
        self._joined: Joined | None = None
        self._unkept = False  # whether a checkpoint could not be written: it is not tried again
        self._overlay: tuple[Any, Overlay, Held | None] | None = None

    def names(self) -> Names:
        """What every name means now, pending decisions included; `head` is that of the log alone.

        Raises:
            Corrupt, Missing: the log is damaged or has lost an entry.
        """
        made = self.overlay()
        return self._shared() if made is None else made.names

    def shared(self) -> Names:
        """What every name means by the log alone, as others see it.

        Raises:
            Corrupt, Missing: as `names`.
        """
        self._look()
        return self._shared()

    def overlay(self) -> Overlay | None:
        """Pending decisions on top of the log, one moment's state of both; None where the log is our own.

        Raises:
            Corrupt, Missing: as `names`.
        """
        while True:
            joined = self._look()
            if joined is None:
                return None
            shared, tail = self._shared(), self.pending.tail()
            if self._look() == joined and self._shared().head == shared.head:
                break  # the log did not move while the chain was read
        live = [held for held in tail if not held.dropped and self._became(held, shared.head) is None]
        carried = self._carried(tail)
        last = tail[-1] if tail else self.pending.held(self.pending.settled_until().number)
        key = (shared.head, shared.parent, [held.sha256 for held in live], last and last.sha256, carried)
        if self._overlay is None or self._overlay[0] != key:
            chain = [held.entry for held in live]
            self._overlay = (key, overlay(shared, chain, self.settled, carried), last)
        return self._overlay[1]

    def waiting(self) -> list[Held]:
        """The pending entries that are neither published nor dropped, in order."""
        head = self.shared().head
        return [held for held in self.pending.tail() if not held.dropped and self._became(held, head) is None]

    def settled(self, number: int) -> Published | None:
        """What became of a pending entry, by the log as it stands here; None where it is not published."""
        held = self.pending.held(number)
        return None if held is None else self._became(held, self.shared().head)

    def carried(self) -> dict[str, int]:
        """Family to the highest version number that any dropped entry carried; given to nobody again."""
        return self._carried(self.pending.tail())

    def in_doubt(self, held: Held) -> bool:
        """Whether a put of the entry may yet arrive: some number it was put at has not been read."""
        head = self.shared().head
        return any(number > head for number in held.sent)

    def names_at(self, moment: str) -> Names:
        """What every name meant at a moment (RFC 3339 UTC, as `committed_at`), its own decisions included."""
        joined = self._look()
        checkpoint = self._checkpoints.newest()
        names = Names()
        if checkpoint is not None and checkpoint.committed_at <= moment and self._stands(checkpoint):
            names = checkpoint
        until = itertools.takewhile(
            lambda committed: committed.entry.committed_at <= moment, self._tail(names.head + 1)
        )
        names = self._fold(until, names)
        if joined is None:
            return names
        chain = [held.entry for held in self.waiting() if held.entry.committed_at <= moment]
        return overlay(names, chain, self.settled, {}).names

    def names_until(self, number: int) -> Names:
        """What every name meant after a decision of the log.

        Raises:
            Corrupt, Missing: as `names`.
        """
        return self._fold((self._needed(one) for one in range(1, number + 1)), Names())

    def entries(self, start: int = 1) -> Iterator[Committed]:
        """The decisions from a number on, in order; pending ones that count come last.

        Raises:
            Corrupt, Missing: as `names`.
        """
        made = self.overlay()
        head = self._shared().head
        for number in range(max(start, 1), head + 1):
            yield self._read(number)
        for number in made.placed if made is not None else ():
            if number >= start:
                yield self.get(number)

    def backwards(self, head: int) -> Iterator[Committed]:
        """The decisions of the log alone from a number down to the first, as they stood when it was asked."""
        self._look()
        return (self._read(number) for number in range(head, 0, -1))

    def get(self, number: int) -> Committed:
        """One decision; a pending one with the names that its versions have now, or as it was published.

        Raises:
            NotFound: there is no such number.
        """
        if is_pending(number) and (held := self.pending.held(number)) is not None:
            made, published = self.overlay(), self.settled(number)
            if published is not None:
                return self._read(published.number)
            entry = made.placed.get(number, held.entry) if made is not None else held.entry
            return Committed(entry=entry, sha256=held.sha256)
        head = self.shared().head
        if not 1 <= number <= head:
            raise NotFound(
                f"there is no decision {spoken(number)}; the newest is {head}", "mlctl log", number=number
            )
        return self._read(number)

    def commit(
        self,
        prepare: Callable[[Names], Draft | None],
        *,
        actor: Actor,
        command: str,
        now: Callable[[], str],
    ) -> Committed | None:
        """Commit what `prepare` makes of today's names; None where it says that there is nothing to do.

        `prepare` runs again, on newer names, whenever another process committed first; whatever it reads of
        the world it must read again. Everything that the draft names is flushed to the disk before its
        number is taken; when this returns, the decision is on the disk too.

        Raises:
            NameMoved: an `old` value of the draft is not what its name means, or a stage would hold a
                version that does not stand.
            DiskFull, PermissionRefused: nothing was committed.
        """
        made_at = now()
        while True:
            made = self.overlay()
            if (joined := self._joined) is not None and joined.replaced_after is not None:
                finish(self._layout, self._files, self.pending)
                continue
            names = self._shared() if made is None else made.names
            draft = prepare(names)
            if draft is None:
                return None
            refuse_stale(names, draft)
            refuse_dangling(names, draft)
            if made is not None:
                refuse_overtaking(draft, made.waiting)
                refuse_held(draft, [self.get(number).entry for number in made.waiting])
            self._refuse_gap(names, draft)
            self._files.flush(self._named(draft))
            entry = entry_of(draft, names, actor=actor, command=command, made_at=made_at, now=now())
            with writing(self._layout):
                if self.pending.joined() != joined:
                    continue  # the log has become a remote's, or our own, while this was prepared
                committed = self._create(entry) if made is None else self._queue(entry, made)
            if committed is not None:
                self._secure(draft)
                if made is None:
                    self._names = self._fold([committed], names)
                    if entry.number % EVERY == 0 or self._names.moved() >= MOVED:
                        self._names = self._kept(self._names)
                return committed

    def _queue(self, entry: Entry, made: Overlay) -> Committed | None:
        """Append to the chain of what waits; None where another process was first, or the log has moved."""
        if self.overlay() is not made or self._overlay is None:
            return None
        last = self._overlay[2]  # not the chain's end of now: what came after it has not been looked at
        fields = {name: getattr(entry, name) for name in entry.__struct_fields__}
        fields |= {
            "number": last.entry.number + 1 if last else PENDING + 1,
            "parent": last.sha256 if last else None,
            "committed_at": max(entry.committed_at, last.entry.committed_at if last else ""),
        }
        return self.pending.create(PendingEntry(**fields, versions=made_by(made, entry.changes)))

    def _create(self, entry: Entry) -> Committed | None:
        """Take the entry's number; None where another process has it."""
        body = encode(entry)
        path = self._layout.decision(entry.number)
        won = self._files.claim(path, seal(body), mode=READ_ONLY, is_ours=lambda: self._won(entry))
        return Committed(entry=entry, sha256=digest_of(body)) if won else None

    def _won(self, entry: Entry) -> bool:
        with suppress(FileNotFoundError):
            return self._read(entry.number).entry.id == entry.id
        return False

    def _look(self) -> Joined | None:
        """Whose log it is now; readers begin anew where entries have given way to others."""
        joined = self.pending.joined()
        turn = joined.turn if joined is not None else None
        if turn != (self._joined.turn if self._joined is not None else None):
            self._names = self._overlay = None
        self._joined = joined
        return joined

    def _shared(self) -> Names:
        names = self._names if self._names is not None else self._start()
        tail = self._tail(names.head + 1)
        first = next(tail, None)
        if first is not None:
            start, names = names.head, self._fold(itertools.chain([first], tail), names)
            if names.head - start >= _LONG or names.moved() >= 2 * MOVED:
                names = self._kept(names)  # whoever was to keep a checkpoint has not
        self._names = names
        return names

    def _kept(self, names: Names) -> Names:
        """The same names, kept in a checkpoint and read from it; not while entries give way to others."""
        with trying_to_write(self._layout) as free:
            if free and not self._unkept and self.pending.joined() == self._joined:
                self._unkept = not self._checkpoints.write(names)
                with suppress(MlctlError, OSError):
                    return names if self._unkept else self._checkpoints.read(names.head)
        return names

    def _became(self, held: Held, head: int) -> Published | None:
        """What a pending entry became in the log up to a number."""
        if held.published is not None and held.published.number <= head:
            return published_of(held)
        for number in held.sent:
            if number <= head and (entry := self._read(number).entry).id == held.entry.id:
                return published_as(entry)
        return None

    def _carried(self, tail: list[Held]) -> dict[str, int]:
        found = dict(self.pending.settled_until().carried)
        for held in tail:
            for family, number in numbers_carried(held.entry).items() if held.dropped else ():
                found[family] = max(found.get(family, 0), number)
        return found

    def _path(self, number: int) -> Path:
        after = self._joined.replaced_after if self._joined is not None else None
        if after is not None and number > after:
            return self._layout.joining / self._layout.decision(number).name
        return self._layout.decision(number)

    def _start(self) -> Names:
        checkpoint = self._checkpoints.newest()
        return checkpoint if checkpoint is not None and self._stands(checkpoint) else Names()

    def _stands(self, names: Names) -> bool:
        """Whether the log has the entry that a checkpoint names; one that lost it must not be written on."""
        return self._needed(names.head).sha256 == names.parent

    def _tail(self, number: int) -> Iterator[Committed]:
        while True:
            try:
                yield self._read(number)
            except FileNotFoundError:
                return
            number += 1

    def _read(self, number: int) -> Committed:
        path = self._path(number)
        return read_decision(path, number, path.read_bytes())

    def _needed(self, number: int) -> Committed:
        try:
            return self._read(number)
        except FileNotFoundError:
            raise self._lost(number) from None

    def _fold(self, tail: Iterable[Committed], names: Names) -> Names:
        try:
            return fold(tail, names)
        except BrokenLog as error:
            folder = self._layout.decisions
            raise Corrupt(
                f"the log in {folder} is broken: {error}", "mlctl fsck", path=str(folder)
            ) from error

    def lost(self) -> Missing | None:
        """What a log says that lacks its first decision, or one before others; None where none is lost."""
        head = self.shared().head
        return self._gap(head) if head else self._lost(1)

    def _gap(self, head: int) -> Missing | None:
        """Of a number beyond the next one: the entry between is lost, and its number must not be reused."""
        if self._joined is not None and self._joined.replaced_after is not None:
            return None  # entries give way to others just now
        with suppress(FileNotFoundError):
            highest = highest_number(self._layout.decisions)
            if highest > head + 1 and not self._layout.decision(head + 1).exists():
                return self._lost(head + 1)
        return None

    def _refuse_gap(self, names: Names, draft: Draft) -> None:
        lost = self._gap(names.head) if names.head or draft.kind == INIT else self._lost(1)
        if lost is not None:
            raise lost

    def _lost(self, number: int) -> Missing:
        return lost_decision(self._layout.decision(number), number, joined=self._joined is not None)

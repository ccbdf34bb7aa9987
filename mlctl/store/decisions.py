"""The decision log: numbered, hash-chained entries, each committed by creating its file exclusively.

A number is taken once and never deleted; the loser of a race reads again, checks again and tries the next
one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from mlctl.domain.decision import (
    Actor,
    BrokenLog,
    Committed,
    Draft,
    Entry,
    Names,
    dangling,
    fold,
    stale_changes,
)
from mlctl.domain.errors import Corrupt, FormatTooNew, Missing, NameMoved, NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.records import decode, digest_of, encode
from mlctl.store.checkpoint import EVERY, Checkpoints
from mlctl.store.files import READ_ONLY, Files, explained, flush_file
from mlctl.store.layout import FORMAT, Layout, file_number
from mlctl.store.sealed_line import seal, unseal


class Decisions:
    """The log of a repository."""

    def __init__(self, layout: Layout, files: Files, named: Callable[[Draft], list[Path]]) -> None:
        self._layout = layout
        self._files = files
        self._named = named
        self._checkpoints = Checkpoints(layout, files)
        self._names: Names | None = None

    def names(self) -> Names:
        """What every name means now.

        Raises:
            Corrupt, Missing: the log is damaged or has lost an entry.
        """
        names = self._names if self._names is not None else self._start()
        tail = list(self._tail(names.head + 1))
        if tail:
            names = self._fold(tail, names)
        self._names = names
        return names

    def names_at(self, moment: str) -> Names:
        """What every name meant at a moment (RFC 3339 UTC, as `committed_at`), its own decisions included."""
        checkpoint = self._checkpoints.newest()
        names = Names()
        if (
            checkpoint is not None
            and checkpoint.names.committed_at <= moment
            and self._stands(checkpoint.names)
        ):
            names = checkpoint.names
        until = []
        for committed in self._tail(names.head + 1):
            if committed.entry.committed_at > moment:
                break
            until.append(committed)
        return self._fold(until, names)

    def entries(self, start: int = 1) -> Iterator[Committed]:
        """The committed decisions from a number on, in order.

        Raises:
            Corrupt, Missing: as `names`.
        """
        head = self.names().head
        for number in range(max(start, 1), head + 1):
            yield self._read(number)

    def get(self, number: int) -> Committed:
        """One decision.

        Raises:
            NotFound: there is no such number.
        """
        if not 1 <= number <= self.names().head:
            raise NotFound(
                f"there is no decision {number}; the newest is {self.names().head}",
                "mlctl log",
                number=number,
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
            names = self.names()
            draft = prepare(names)
            if draft is None:
                return None
            refuse_stale(names, draft)
            refuse_dangling(names, draft)
            self._refuse_gap(names)
            self._files.flush(self._named(draft))
            entry = _entry(draft, names, actor=actor, command=command, made_at=made_at, now=now())
            committed = self._create(entry)
            if committed is not None:
                self._names = self._fold([committed], names)
                if entry.number % EVERY == 0:
                    self._checkpoints.write(self._names)
                return committed

    def _create(self, entry: Entry) -> Committed | None:
        """Take the entry's number; None where another process has it."""
        body = encode(entry)
        path = self._layout.decision(entry.number)
        with self._files.aside(path.name) as aside:
            aside.write(seal(body))
            os.fchmod(aside.descriptor, READ_ONLY)
            aside.flush()
            try:
                os.link(aside.path, path)
            except OSError as error:
                # "exists" or a failure that came after the link was made (NFS): the entry's own id decides
                if not self._won(entry):
                    if isinstance(error, FileExistsError):
                        return None
                    raise
        with explained(path):
            flush_file(path.parent)
        return Committed(entry=entry, sha256=digest_of(body))

    def _won(self, entry: Entry) -> bool:
        with suppress(FileNotFoundError):
            return self._read(entry.number).entry.id == entry.id
        return False

    def _start(self) -> Names:
        checkpoint = self._checkpoints.newest()
        if checkpoint is None or not self._stands(checkpoint.names):
            return Names()
        return checkpoint.names

    def _stands(self, names: Names) -> bool:
        """Whether the log has the entry that a checkpoint names; one that lost it must not be written on."""
        try:
            return self._read(names.head).sha256 == names.parent
        except FileNotFoundError:
            path = self._layout.decision(names.head)
            raise _lost(path, names.head) from None

    def _tail(self, number: int) -> Iterator[Committed]:
        while True:
            try:
                yield self._read(number)
            except FileNotFoundError:
                return
            number += 1

    def _read(self, number: int) -> Committed:
        path = self._layout.decision(number)
        return read_decision(path, number, path.read_bytes())

    def _fold(self, tail: list[Committed], names: Names) -> Names:
        try:
            return fold(tail, names)
        except BrokenLog as error:
            folder = self._layout.decisions
            raise Corrupt(
                f"the log in {folder} is broken: {error}", "mlctl fsck", path=str(folder)
            ) from error

    def _refuse_gap(self, names: Names) -> None:
        """Refuse where a number lies beyond the next one: an entry is lost, its number must not be reused."""
        numbers = (file_number(path.name) for path in self._layout.decisions.iterdir())
        highest = max((number for number in numbers if number is not None), default=0)
        if highest > names.head + 1 and not self._layout.decision(names.head + 1).exists():
            raise _lost(self._layout.decision(names.head + 1), names.head + 1)


def refuse_stale(names: Names, draft: Draft) -> None:
    """Raise NameMoved where a change's `old` is not what its name means now."""
    stale = stale_changes(names, draft.changes)
    if not stale:
        return
    change = stale[0]
    was, now = change.old or "nothing", names.value(change.name) or "nothing"
    raise NameMoved(
        f"{change.name} has moved: it was {was} and is {now} since decision {names.last_effect(change.name)}",
        "mlctl log",
        name=change.name,
        expected=change.old,
        actual=names.value(change.name),
    )


def refuse_dangling(names: Names, draft: Draft) -> None:
    """Raise NameMoved where a stage or a refit would be left without the version it stands on."""
    for name, need in dangling(names, draft.changes):
        last = names.last_effect(name)
        raise NameMoved(
            f"{name} needs {need}, which would not stand after this; move {name} first",
            f"mlctl undo {last}" if last else "mlctl models",
            name=name,
            needs=need,
        )


def read_decision(path: Path, number: int, data: bytes) -> Committed:
    """The decision that a file's bytes hold.

    Raises:
        Corrupt: the bytes do not verify, or are another number's.
        FormatTooNew: a newer mlctl wrote it.
    """
    body = unseal(path, data)
    try:
        if decode(body, _FormatOnly).format > FORMAT:
            raise FormatTooNew(
                f"{path} was written by a newer mlctl", "pip install --upgrade mlctl", path=str(path)
            )
        entry = decode(body, Entry)
    except msgspec.DecodeError as error:
        raise Corrupt(f"{path} is no decision: {error}", "mlctl fsck", path=str(path)) from error
    if entry.number != number:
        raise Corrupt(f"{path} holds decision {entry.number}", "mlctl fsck", path=str(path))
    return Committed(entry=entry, sha256=digest_of(body))


class _FormatOnly(msgspec.Struct):
    format: int


def _lost(path: Path, number: int) -> Missing:
    return Missing(
        f"decision {number} is missing: {path}; restore it from a backup (its number is not given again)",
        "mlctl fsck",
        path=str(path),
        number=number,
    )


def _entry(draft: Draft, names: Names, *, actor: Actor, command: str, made_at: str, now: str) -> Entry:
    return Entry(
        format=FORMAT,
        number=names.head + 1,
        id=os.urandom(16).hex(),
        parent=Digest(names.parent) if names.parent else None,
        made_at=made_at,
        committed_at=max(now, names.committed_at),
        actor=actor,
        kind=draft.kind,
        command=command,
        changes=draft.changes,
        reason=draft.reason,
        evidence=draft.evidence,
        needs=draft.needs,
        undoes=draft.undoes,
    )

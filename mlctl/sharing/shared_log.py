"""The log on a remote: numbered entries under put-if-absent, read without trust.

Every entry's digest, number, parent and date are checked, the whole fold, and that its names are names: what
a remote says can be refused, and never does anything by being read.
"""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.decision import BrokenLog, Committed, Entry, fold
from mlctl.domain.errors import Corrupt, Missing, Untrusted
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.names import Names
from mlctl.domain.records import encode
from mlctl.domain.refs import REPOSITORY
from mlctl.sharing import keys
from mlctl.sharing.pool import side_by_side
from mlctl.sharing.presence import folder_of
from mlctl.store.decision_files import read_decision
from mlctl.store.layout import FORMAT
from mlctl.store.sealed_line import seal

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*\Z")
_AHEAD = 8  # entries that are asked for at once, once it is known that there are some
_ID = re.compile(r"[0-9a-f]{32}\Z")


class SharedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and the bytes that hold it."""

    committed: Committed
    data: bytes

    @property
    def entry(self) -> Entry:
        """The entry itself."""
        return self.committed.entry


class SharedLog:
    """The log of one remote.

    Attributes:
        url: of the remote, without credentials.
    """

    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self.url = store.url

    def one(self, number: int) -> SharedEntry | None:
        """One entry, verified in itself; None where the remote has none of this number.

        Raises:
            Corrupt, Untrusted, FormatTooNew: the bytes are no entry that may be taken over.
            Unreachable, Denied.
        """
        key = keys.decision(number)
        try:
            data = self._store.read(key)
        except Missing:
            return None
        try:
            committed = read_decision(Path(key), number, data)
        except Corrupt as error:
            raise Corrupt(f"{self._store.url}: {error.message}", key=key) from error
        _refuse_odd_names(self._store.url, committed.entry)
        return SharedEntry(committed=committed, data=data)

    def after(self, number: int) -> list[SharedEntry]:
        """All entries after a number, in order; where there is none, one key is asked for."""
        first = self.one(number + 1)
        if first is None:
            return []
        found = [first]
        while True:
            start = found[-1].entry.number + 1
            ahead = min(_AHEAD, self._store.parallel)
            for entry in side_by_side(ahead, self.one, range(start, start + _AHEAD)):
                if entry is None:
                    return found
                found.append(entry)

    def head(self) -> int:
        """The highest number that there is; 0 for none. For the rare cases: it lists."""
        last = 0
        for listed in self._store.list(keys.DECISIONS):
            tail = listed.key.removeprefix(keys.DECISIONS)
            if tail.isascii() and tail.isdigit() and listed.key == keys.decision(int(tail)):
                last = max(last, int(tail))
        return last

    def is_empty_folder(self) -> bool:
        """Whether this is a folder without any log, such as one that is not mounted.

        Only a folder is looked at, which costs a stat; no other store is asked.
        """
        folder = folder_of(self._store)
        return folder is not None and not (folder / keys.DECISIONS).is_dir()

    def let_be_filled(self) -> None:
        """Say on the remote, which has no log, that ours may begin there."""
        self._store.create(keys.FORMAT, seal(encode({"format": FORMAT})))

    def may_be_filled(self) -> bool:
        """Whether somebody has said so; a folder that is not mounted says nothing."""
        return bool(self._store.sizes([keys.FORMAT]))

    def common(self, own: Callable[[int], Digest], most: int) -> int:
        """How many entries from the first on are the same as one's own, at most `most`."""
        low, high = 0, most
        while low < high:  # a chain: where one entry is the same, all before it are
            middle = (low + high + 1) // 2
            there = self.one(middle)
            if there is not None and there.committed.sha256 == own(middle):
                low = middle
            else:
                high = middle - 1
        return low

    def follow(self, names: Names, entries: list[SharedEntry]) -> Names:
        """The names after entries that follow these names.

        Raises:
            Corrupt: they do not follow: the chain or the fold is broken.
        """
        try:
            return fold([entry.committed for entry in entries], names)
        except BrokenLog as error:
            raise Corrupt(
                f"the log on {self._store.url} is broken: {error}; nothing was changed here",
                url=self._store.url,
            ) from error

    def create(self, entry: Entry) -> bool:
        """Put an entry where there is none of its number; whether it was this one that was put.

        Raises:
            Unreachable: with the fact `in_doubt`. Denied: nothing was put.
        """
        return self._store.create(keys.decision(entry.number), seal(encode(entry)))

    def create_as_it_is(self, number: int, data: bytes) -> bool:
        """Put an entry's own bytes; True too where they are there already."""
        return (
            self._store.create(keys.decision(number), data) or self._store.read(keys.decision(number)) == data
        )


def _refuse_odd_names(url: str, entry: Entry) -> None:
    """Names, ids and values are such as mlctl writes; nothing else is let in, whatever it may do later."""
    where = f"{url}: decision {entry.number}"
    if not _ID.match(entry.id):
        raise Untrusted(f"{where} has an odd id; nothing was changed here", number=entry.number)
    for change in entry.changes:
        if not _NAME.match(change.name) or ".." in change.name:
            raise Untrusted(
                f"{where} moves {change.name!r}, which is no name; nothing was changed here",
                number=entry.number,
                name=change.name,
            )
        kind = change.name.split("/")[0]
        for value in (change.old, change.new):
            if (
                value is not None
                and change.name != REPOSITORY
                and kind in _HOLD_DIGESTS
                and not is_digest(value)
            ):
                raise Untrusted(
                    f"{where} moves {change.name} to {value!r}, which is no digest; nothing was changed here",
                    number=entry.number,
                    name=change.name,
                )


_HOLD_DIGESTS = frozenset({"datasets", "labels", "models", "stages"})

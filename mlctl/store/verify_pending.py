"""Verifies `.mlctl/pending/`: every line against its digest, the chain, and each mark against the log."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.decision import Committed
from mlctl.domain.errors import Corrupt, FormatTooNew
from mlctl.domain.records import decode
from mlctl.domain.sharing import PENDING, is_pending, spoken
from mlctl.store.decision_files import read_decision
from mlctl.store.layout import Layout
from mlctl.store.pending import Dropped, Joined, PublishedMark, Sent, read_pending
from mlctl.store.sealed_line import unseal

Found = tuple[Path, Exception | str]
"""A file and what is wrong with it."""

_MARKS: dict[str, Any] = {".sent": Sent, ".published": PublishedMark, ".dropped": Dropped}


def verify_pending(layout: Layout, needs: Callable[[Committed], None]) -> tuple[int, int, list[Found]]:
    """How many entries of the chain wait, how many are settled (published or dropped), and what is wrong.

    Args:
        layout: of the repository.
        needs: told of each entry that is neither published nor dropped, to look for what it names.
    """
    found: list[Found] = []
    numbers = sorted(
        int(path.name)
        for path in (layout.pending.iterdir() if layout.pending.exists() else ())
        if path.name.isdecimal() and is_pending(int(path.name))
    )
    found += _whole(layout.joined, Joined)
    parent: str | None = None
    waiting = 0
    for expected, number in enumerate(numbers, PENDING + 1):
        path = layout.pending_entry(number)
        try:
            entry, digest = read_pending(path, number, path.read_bytes())
        except (Corrupt, FormatTooNew, OSError) as error:
            found.append((path, error))
            break
        if number != expected or entry.parent != parent:
            found.append((path, f"it does not follow the entry before it, {spoken(expected - 1)}"))
            break
        parent = digest
        found += _marks(layout, number, entry.id)
        if not layout.published(number).exists() and not layout.dropped(number).exists():
            waiting += 1
            needs(Committed(entry=entry, sha256=digest))
    return waiting, len(numbers) - waiting, found


def adopted(layout: Layout) -> str | None:
    """The other repository whose log this one has joined; `config.toml` may not say so yet."""
    joined = _read(layout.joined, Joined)
    return joined.repository if isinstance(joined, Joined) else None


def _marks(layout: Layout, number: int, own_id: str) -> Iterator[Found]:
    for suffix, shape in _MARKS.items():
        yield from _whole(layout.pending / f"{number}{suffix}", shape)
    path = layout.published(number)
    mark = _read(path, PublishedMark)
    if not isinstance(mark, PublishedMark):
        return
    decision = layout.decision(mark.number)
    try:
        published = read_decision(decision, mark.number, decision.read_bytes())
    except (Corrupt, FormatTooNew, OSError):
        return  # told of where the log is looked at
    if published.entry.id != own_id or published.sha256 != mark.sha256:
        yield path, f"decision {mark.number} is another one"


def _whole(path: Path, shape: type[Any]) -> Iterator[Found]:
    read = _read(path, shape)
    if isinstance(read, Exception):
        yield path, read


def _read(path: Path, shape: type[Any]) -> Any:
    """What a mark holds, None where it is not there, or why it can't be read."""
    try:
        return decode(unseal(path, path.read_bytes()), shape)
    except FileNotFoundError:
        return None
    except (Corrupt, msgspec.DecodeError) as error:
        return error

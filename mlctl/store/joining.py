"""Joining a remote's log: own entries that it does not have become pending, and its entries take their place.

The moment is the rename of `pending/joined`: from then on readers take what follows the common part from
`pending/joining/`. Before it everything is as it was; after it whoever comes next finishes the rest (own
files out of `decisions/`, shared ones in), killed as often as one likes.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from mlctl.domain.decision import Committed, Entry
from mlctl.domain.sharing import PENDING, PendingEntry, numbers_carried, version_of
from mlctl.store.files import Files, flush_file
from mlctl.store.identity import identity_of
from mlctl.store.layout import Layout, file_number
from mlctl.store.locks import rearranging
from mlctl.store.pending import Joined, Pending
from mlctl.store.rooms import room


def join(pending: Pending, only: tuple[str, ...] = ()) -> None:
    """Say that the log is the remote's: every entry of it is there, and it has none that we lack."""
    pending.write_joined(Joined(turn=_turn(), only=only))


def stage(files: Files, layout: Layout, shared: Sequence[tuple[int, bytes]]) -> None:
    """Put shared entries (sealed lines) where they wait to take the place of own ones; flushed."""
    shutil.rmtree(layout.joining, ignore_errors=True)
    layout.joining.mkdir(parents=True)
    for number, data in shared:
        files.put(layout.joining / layout.decision(number).name, data)
    files.flush([layout.joining])


def give_way(
    layout: Layout,
    files: Files,
    pending: Pending,
    own: Sequence[Committed],
    after: int,
    only: tuple[str, ...],
    *,
    adopted: str | None = None,
) -> None:
    """Make own entries pending and let the staged ones count in their place.

    Args:
        layout: of the repository; the caller holds `rearranging`.
        files: of the repository.
        pending: its chain.
        own: the entries of `decisions/` after the common part, in order.
        after: number of the last common entry; 0 for none.
        only: names that alone facts are held for, where the log becomes a remote's by this.
        adopted: id of the repository whose log this is, where it was another one's.
    """
    staged = {path.name: path for path in layout.joining.iterdir()}
    taken = {_id_of(path) for path in staged.values()}
    known = {held.entry.id: held for held in pending.everything()}
    numbers: dict[int, int] = {}
    versions: dict[str, int] = {}
    queued = max((held.entry.number for held in known.values()), default=PENDING)
    last = pending.held(queued)
    for committed in own:
        entry = committed.entry
        if entry.kind == "init" or entry.id in taken:
            continue
        if (held := known.get(entry.id)) is not None:
            numbers[entry.number] = held.entry.number
            _revive(layout, held.entry.number)
        else:
            queued += 1
            numbers[entry.number] = queued
            pending.mark_sent(queued, entry.number)  # for now it stands at this very number
            waiting = _as_pending(entry, numbers, versions, parent=last.sha256 if last else None)
            pending.create(waiting)
            last = pending.held(queued)
        for family, number in numbers_carried(entry).items():
            versions[f"{family}/{number}"] = numbers[entry.number]
    layout.settled.unlink(missing_ok=True)
    for path in list(layout.checkpoints.iterdir()) if layout.checkpoints.exists() else []:
        checkpoint = file_number(path.name)
        if checkpoint is not None and checkpoint > after:
            path.unlink(missing_ok=True)
    files.flush([layout.checkpoints])
    before = pending.joined()
    if before is not None:
        only, adopted = before.only, adopted or before.repository
    joined = Joined(turn=_turn(), replaced_after=after, only=only, repository=adopted)
    pending.write_joined(joined)
    # none of them is on its way to the remote: as it is an entry is only put behind one that is there already
    for own_number, number in numbers.items():
        pending.mark_not_sent(number, own_number)
    _put_in_place(layout, files, pending)


def finish(layout: Layout, files: Files, pending: Pending) -> None:
    """Finish what a killed process has left half-way; nothing where nothing is."""
    joined = pending.joined()
    if joined is None:
        return
    if joined.replaced_after is not None:
        with rearranging(layout):
            _put_in_place(layout, files, pending)
    adopted = joined.repository
    if adopted is not None and adopted != identity_of(layout):
        # killed before, or a commit of before is checked out
        room("config_file").change_config(files, layout.config, lambda settings: settings.update(id=adopted))


def forget_lost(layout: Layout) -> None:
    """Drop checkpoints of entries that are not here any more: the remote has them, and they come again."""
    for path in list(layout.checkpoints.iterdir()) if layout.checkpoints.exists() else []:
        number = file_number(path.name)
        here = (layout.decisions, layout.joining)
        if number is not None and not any((folder / path.name).exists() for folder in here):
            path.unlink(missing_ok=True)


def _put_in_place(layout: Layout, files: Files, pending: Pending) -> None:
    joined = pending.joined()
    if joined is None or joined.replaced_after is None:
        return
    after = joined.replaced_after
    staged = {path.name: path for path in layout.joining.iterdir()}
    numbers = [found for path in layout.decisions.iterdir() if (found := file_number(path.name))]
    for number in sorted((number for number in numbers if number > after), reverse=True):
        path = layout.decision(number)
        there = staged.get(path.name)
        if there is None or there.read_bytes() != path.read_bytes():
            path.unlink(missing_ok=True)
    for name, path in sorted(staged.items()):
        with suppress(FileExistsError):
            os.link(path, layout.decisions / name)
    files.flush([layout.decisions / name for name in staged])
    flush_file(layout.decisions)
    pending.write_joined(msgspec.structs.replace(joined, replaced_after=None))
    shutil.rmtree(layout.joining, ignore_errors=True)


def _as_pending(
    entry: Entry, numbers: Mapping[int, int], versions: Mapping[str, int], parent: str | None
) -> PendingEntry:
    named = {version_of(change.name) for change in entry.changes}
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__}
    undoes = entry.undoes
    if undoes is not None:
        undoes = numbers.get(undoes, undoes)
    fields |= {"number": numbers[entry.number], "parent": parent, "undoes": undoes}
    return PendingEntry(
        **fields, versions={name: number for name, number in versions.items() if name in named}
    )


def _revive(layout: Layout, number: int) -> None:
    """The shared log has lost the entry again: it waits once more."""
    layout.published(number).unlink(missing_ok=True)
    layout.dropped(number).unlink(missing_ok=True)


def _id_of(path: Path) -> str:
    return msgspec.json.decode(path.read_bytes().split(b"\n")[0], type=_IdOnly).id


class _IdOnly(msgspec.Struct):
    id: str


def _turn() -> str:
    return os.urandom(8).hex()

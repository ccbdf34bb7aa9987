"""Drafts: what one is refused for, and the entry that it becomes."""

import os
from collections.abc import Iterable, Mapping

from mlctl.domain.decision import Actor, Draft, Entry, dangling, stale_changes
from mlctl.domain.errors import NameMoved
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.sharing import Waiting, overtaken, spoken, version_of
from mlctl.store.layout import FORMAT


def refuse_stale(names: Names, draft: Draft) -> None:
    """Raise NameMoved where a change's `old` is not what its name means now."""
    stale = stale_changes(names, draft.changes)
    if not stale:
        return
    change = stale[0]
    was, now = change.old or "nothing", names.value(change.name) or "nothing"
    since = _said(names.last_effect(change.name))
    raise NameMoved(
        f"{change.name} has moved: it was {was} and is {now} since decision {since}",
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
            f"mlctl undo {spoken(last)}" if last else "mlctl models",
            name=name,
            needs=need,
        )


def refuse_overtaking(draft: Draft, waiting: Mapping[int, Waiting]) -> None:
    """Raise NameMoved where a decision that waits would move one of the names, too."""
    before = overtaken(waiting, draft.changes)
    if before is None:
        return
    number, one = spoken(before), waiting[before]
    raise NameMoved(
        f"decision {number} would move {one.names[0]} and waits ({one.why}); drop it first",
        f"mlctl log drop {number}",
        "mlctl log --pending",
        number=before,
    )


def refuse_held(draft: Draft, waiting: Iterable[Entry]) -> None:
    """Raise NameMoved where a version would be withdrawn that a decision which waits still needs."""
    gone = {
        change.old: change.name for change in draft.changes if change.new is None and version_of(change.name)
    }
    for entry in waiting:
        held = {*entry.needs, *(change.new for change in entry.changes)} & set(gone)
        for digest in held:
            number = spoken(entry.number)
            raise NameMoved(
                f"{gone[digest]} is what decision {number} waits to be published with; drop that first",
                f"mlctl log drop {number}",
                name=gone[digest],
                needed_by=entry.number,
            )


def entry_of(draft: Draft, names: Names, *, actor: Actor, command: str, made_at: str, now: str) -> Entry:
    """The next entry on these names."""
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


def _said(number: int | None) -> str:
    return "none" if number is None else spoken(number)

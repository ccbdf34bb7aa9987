"""What a draft is refused for before it becomes a decision."""

from collections.abc import Iterable

from mlctl.domain.decision import Draft, Entry, Names, dangling, stale_changes
from mlctl.domain.errors import NameMoved
from mlctl.domain.sharing import spoken, version_of


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


def _said(number: int | None) -> str:
    return "none" if number is None else spoken(number)

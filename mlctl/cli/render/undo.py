"""What an undo took back, as text."""

from rich.console import Console

from mlctl.domain.ids import is_digest, short
from mlctl.domain.requests.undo import UndoResult
from mlctl.domain.sharing import spoken


def render(data: UndoResult, out: Console) -> None:
    """Print the decision and what its names mean now."""
    if data.changed:
        out.print(
            f"decision {spoken(data.undone)} ({data.kind}) undone, by decision {spoken(data.decision or 0)}"
        )
    else:
        out.print(f"would undo decision {spoken(data.undone)} ({data.kind})")
    for change in data.changes:
        head, _, tail = change.name.rpartition("/")
        name = f"{head}/{short(tail)}" if is_digest(tail) else change.name
        old, new = (short(value) if value else "nothing" for value in (change.old, change.new))
        out.print(f"  {name}: {old} → {new}", soft_wrap=True)

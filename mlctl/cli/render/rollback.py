"""A rollback as text."""

from rich.console import Console

from mlctl.domain.requests.rollback import RollbackResult
from mlctl.domain.sharing import spoken


def render(data: RollbackResult, out: Console) -> None:
    """Print where the stage stands."""
    if data.refused:
        out.print(f"{data.stage} stays at {data.model}@{data.previous}", soft_wrap=True)
        return
    would = "would go" if data.dry_run else "went"
    number = "" if data.decision is None else f", decision {spoken(data.decision)}"
    moved = (
        f"{data.stage} {would} back to {data.model}@{data.version} (was {data.model}@{data.previous}){number}"
    )
    out.print(moved, soft_wrap=True)

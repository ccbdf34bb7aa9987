"""A rollback as text."""

from rich.console import Console

from mlctl.domain.requests.rollback import RollbackResult


def render(data: RollbackResult, out: Console) -> None:
    """Print where the stage stands."""
    would = "would go" if data.dry_run else "went"
    number = "" if data.decision is None else f", decision {data.decision}"
    moved = (
        f"{data.stage} {would} back to {data.model}@{data.version} (was {data.model}@{data.previous}){number}"
    )
    out.print(moved, soft_wrap=True)

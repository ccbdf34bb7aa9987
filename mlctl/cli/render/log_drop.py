"""Decisions that were given up, as text."""

from rich.console import Console

from mlctl.domain.requests.log_drop import LogDropResult


def render(data: LogDropResult, out: Console) -> None:
    """Print which."""
    verb = "would drop" if data.dry_run else "dropped"
    out.print(f"{verb} {', '.join(data.dropped)}")

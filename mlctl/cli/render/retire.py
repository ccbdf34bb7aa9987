"""A retirement as text."""

from rich.console import Console

from mlctl.domain.requests.retire import RetireResult
from mlctl.domain.sharing import spoken


def render(data: RetireResult, out: Console) -> None:
    """Print how the version stands."""
    would = "would be" if data.dry_run and data.changed else "is"
    number = f", decision {spoken(data.decision)}" if data.decision is not None and not data.dry_run else ""
    same = "" if data.changed else ": unchanged"
    out.print(f"{data.model}@{data.version} {would} retired{number}{same}", soft_wrap=True)

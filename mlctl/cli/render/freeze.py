"""A freeze as text."""

from rich.console import Console

from mlctl.cli.columns import minute
from mlctl.domain.requests.freeze import FreezeResult
from mlctl.domain.sharing import spoken


def render(data: FreezeResult, out: Console) -> None:
    """Print how the stage stands."""
    would = "would be" if data.dry_run and data.changed else "is"
    until = f" until {minute(data.until)}" if data.until else ""
    number = f", decision {spoken(data.decision)}" if data.decision is not None and not data.dry_run else ""
    same = "" if data.changed else ": unchanged"
    out.print(f"{data.stage} of {data.model} {would} frozen{until}{number}{same}", soft_wrap=True)

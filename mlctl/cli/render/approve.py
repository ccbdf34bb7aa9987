"""An approval as text."""

from rich.console import Console

from mlctl.domain.requests.approve import ApproveResult
from mlctl.domain.sharing import spoken


def render(data: ApproveResult, out: Console) -> None:
    """Print what was approved, by whom, and what vouches for it."""
    label = f"{data.model}@{data.version}"
    if data.reasons:
        out.print(f"{label} is not approved for {data.stage}", soft_wrap=True)
        return
    would = "would be" if data.dry_run and data.changed else "is"
    same = "" if data.changed else ": unchanged"
    number = f", decision {spoken(data.decision)}" if data.decision is not None else ""
    vouched = f", {data.vouched}" if data.vouched else ""
    out.print(
        f"{label} {would} approved for {data.stage} by {data.email}{vouched}{number}{same}", soft_wrap=True
    )

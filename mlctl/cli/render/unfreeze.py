"""The end of a freeze as text."""

from rich.console import Console

from mlctl.domain.requests.unfreeze import UnfreezeResult
from mlctl.domain.sharing import spoken


def render(data: UnfreezeResult, out: Console) -> None:
    """Print how the stage stands."""
    label = f"{data.stage} of {data.model}"
    if not data.changed:
        out.print(f"{label} is not frozen: unchanged", soft_wrap=True)
        return
    number = f", decision {spoken(data.decision)}" if data.decision is not None else ""
    out.print(f"{label} {'could move' if data.dry_run else 'moves'} again{number}", soft_wrap=True)

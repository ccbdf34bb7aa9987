"""A promotion as text."""

from rich.console import Console

from mlctl.cli import gates
from mlctl.domain.requests.promote import PromoteResult
from mlctl.domain.sharing import spoken


def render(data: PromoteResult, out: Console) -> None:
    """Print where the stage stands, and what the gates said against it."""
    label = f"{data.model}@{data.version}"
    before = f"was {data.model}@{data.previous}" if data.previous is not None else "held nothing"
    if data.dry_run and data.changed:
        out.print(f"would move {data.stage} to {label} ({before})", soft_wrap=True)
    elif not data.passed and not data.forced:
        out.print(f"{data.stage} stays ({before}); {label} is refused", soft_wrap=True)
    elif not data.changed:
        out.print(f"{data.stage} holds {label}: unchanged", soft_wrap=True)
    else:
        refit = ", fitted again on all rows" if data.refit else ""
        out.print(
            f"{data.stage} → {label}{refit} ({before}), decision {spoken(data.decision or 0)}", soft_wrap=True
        )
    told = (
        data.reasons if data.passed or data.forced else ()
    )  # of a refusal, the error that follows tells them
    against = gates.refused((one.gate, one.slice, one.why) for one in told)
    open_ = gates.not_judged((one.gate, one.slice, one.why) for one in data.skipped)
    holding = gates.holding((one.gate, one.slice, one.why) for one in data.held)
    for line in (*against, *open_, *holding):
        out.print(f"  {line}", soft_wrap=True)

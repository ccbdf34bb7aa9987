"""One turn of the loop: what it saw, what it did."""

from rich.console import Console

from mlctl.domain.loop import Look
from mlctl.domain.requests.loop import LoopResult


def render(data: LoopResult, out: Console) -> None:
    """Print what stood, what was done and what stands."""
    out.print(
        f"{data.model} in {data.stage}: {_look(data.model, data.before)}", soft_wrap=True, highlight=False
    )
    for action in data.actions:
        out.print(f"  {action.action:<12}{action.result}", soft_wrap=True, highlight=False)
    if data.after.digest != data.before.digest:
        out.print(f"now {_look(data.model, data.after)}", soft_wrap=True, highlight=False)
    out.print("an alarm stands" if data.alarm else "no alarm stands")


def _look(model: str, look: Look) -> str:
    version = f"{model}@{look.version}" if look.version is not None else "an unnumbered version"
    level = f", level {look.level:.3f}" if look.level != 1.0 else ""
    values = ", ".join(f"{name} {value:.4g}" for name, value in look.performance.items())
    seen = f"; window from {look.window[:10]}: {values}" if look.window and values else ""
    return f"{version}{level}{seen}"

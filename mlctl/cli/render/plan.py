"""Steps with their state and the reason for it."""

from typing import Any

from mlctl.domain.requests.plan import PlanResult


def render(data: PlanResult, out: Any) -> None:
    """Print a line a step, and what a training learns from and holds out."""
    for step in data.steps:
        why = "; ".join((*step.why, *step.told))
        out.file.write(f"{step.state:<8} {step.step}{f'  {why}' if why else ''}\n")
    if not data.steps:
        out.file.write("The spec declares nothing to build.\n")

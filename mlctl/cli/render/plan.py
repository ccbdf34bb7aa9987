"""Steps with their state and the reason for it."""

from typing import Any

from mlctl.domain.requests.plan import PlanResult


def render(data: PlanResult, out: Any) -> None:
    """Print a line a step."""
    for step in data.steps:
        why = f"  {'; '.join(step.why)}" if step.why else ""
        out.file.write(f"{step.state:<8} {step.step}{why}\n")
    if not data.steps:
        out.file.write("The spec declares nothing to build.\n")

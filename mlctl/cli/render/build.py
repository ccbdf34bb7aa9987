"""Steps with what became of them."""

from typing import Any

from mlctl.domain.requests.build import BuildResult


def render(data: BuildResult, out: Any) -> None:
    """Print a line a step, and a refused gate's reasons."""
    for step in data.steps:
        why = f"  {'; '.join(step.why)}" if step.why else ""
        out.file.write(f"{step.state:<8} {step.step}{why}\n")
    for reason in data.reasons:
        out.file.write(f"         {reason.get('gate')}: {reason.get('why')}\n")
    if not data.steps:
        out.file.write("The spec declares nothing to build.\n")

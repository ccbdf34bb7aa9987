"""A new project as text."""

from rich.console import Console

from mlctl.domain.requests.init import InitResult


def render(data: InitResult, out: Console) -> None:
    """Say what was made, what stayed, and what was found in the table."""
    if not data.changed:
        out.print(f"{data.path} is a project already; unchanged", soft_wrap=True)
        return
    made = "project" if data.repository else "would make project"
    out.print(f"{made} {data.project} in {data.path}", soft_wrap=True)
    for path in data.created:
        out.print(f"  + {path}", soft_wrap=True)
    for path in data.kept:
        out.print(f"    {path} was there and stays as it is", soft_wrap=True)
    if data.target is not None:
        out.print(f"predicts {data.target} ({data.task})", soft_wrap=True)
    for note in data.notes:
        out.print(f"  {note}", soft_wrap=True)

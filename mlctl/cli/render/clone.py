"""A clone as text."""

from rich.console import Console

from mlctl.domain.requests.clone import CloneResult


def render(data: CloneResult, out: Console) -> None:
    """Print where it is and what it holds."""
    part = f" ({', '.join(data.only)} only)" if data.only else ""
    what = f"{data.decisions} decisions, {data.facts} facts" if data.changed else "unchanged"
    out.print(f"{data.path}: {what}{part}", soft_wrap=True)

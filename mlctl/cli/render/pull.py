"""A pull as text."""

from rich.console import Console

from mlctl.cli.columns import counted
from mlctl.cli.render import fetch
from mlctl.domain.requests.pull import PullResult


def render(data: PullResult, out: Console) -> None:
    """Print what came, and what became of the work tree."""
    fetch.render(data.fetched, out)
    if data.files:
        out.print(f"{counted(data.files, 'file')} of the work tree brought up to date")
    for name in data.kept:
        out.print(f"{name} stays as it is", soft_wrap=True)

"""A fetch as text."""

from rich.console import Console

from mlctl.cli.columns import counted
from mlctl.domain.requests.fetch import FetchResult


def render(data: FetchResult, out: Console) -> None:
    """Print what came, what it renumbered, and what can't follow it."""
    if not data.changed:
        out.print(f"nothing new on {data.remote}")
    elif data.decisions or data.facts or not data.objects:
        out.print(
            f"{counted(data.decisions, 'decision')} and {counted(data.facts, 'fact')} from {data.remote}"
        )
    if data.objects:
        out.print(f"{counted(data.objects, 'object')} that were not here, from {data.remote}")
    if data.parted:
        out.print(f"{data.parted} own decisions wait for publication: the remote has a log of its own")
    for text in data.renumbered:
        out.print(f"  {text}: another one was faster", soft_wrap=True)
    if data.waiting:
        out.print(f"{', '.join(data.waiting)} can't follow what has come and wait", soft_wrap=True)

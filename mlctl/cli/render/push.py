"""A push as text."""

from rich.console import Console

from mlctl.domain.requests.push import PushResult


def render(data: PushResult, out: Console) -> None:
    """Print what was published, and what waits and why."""
    if data.fetched:
        out.print(f"{data.fetched} decisions fetched from {data.remote}")
    for text in data.renumbered:
        out.print(f"  {text}: another one was faster", soft_wrap=True)
    if data.uploaded:
        out.print(f"{data.uploaded} decisions are on {data.remote} now, with the numbers that they had")
    for one in data.published:
        told = f"  ({', '.join(one.renumbered)})" if one.renumbered else ""
        out.print(f"{one.pending} ({one.kind}) is decision {one.decision}{told}", soft_wrap=True)
    for left in data.waiting:
        doubt = " (may have been published)" if left.in_doubt else ""
        why = f": {left.why}" if left.why else ""
        out.print(f"{left.pending} ({left.kind}) waits{doubt}{why}", soft_wrap=True)
    if data.facts:
        out.print(f"{data.facts} facts and objects sent to {data.remote}")
    if not data.changed and not data.waiting:
        out.print(f"nothing to push to {data.remote}")

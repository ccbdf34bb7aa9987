"""A new remote as text."""

from rich.console import Console

from mlctl.domain.requests.remote_add import RemoteAddResult


def render(data: RemoteAddResult, out: Console) -> None:
    """Print what it can be used for, and what joining it brought."""
    would = "would be " if data.dry_run else ""
    default = ", the default one" if data.default else ""
    uses = "data, facts and decisions" if data.log else "data and facts"
    out.print(f"remote {data.name} {would}{data.url}{default}, for {uses}", soft_wrap=True)
    if data.decisions:
        out.print(f"{data.decisions} decisions fetched")
    for text in data.renumbered:
        out.print(f"  {text}: another one was faster", soft_wrap=True)

"""A new remote as text."""

from rich.console import Console

from mlctl.domain.requests.remote_add import RemoteAddResult


def render(data: RemoteAddResult, out: Console) -> None:
    """Print what it can be used for, and what joining it brought."""
    would = "would be " if data.dry_run else ""
    default = ", the default one" if data.default else ""
    uses = [*(["data"] if data.data is None else []), "facts", *(["decisions"] if data.log else [])]
    listed = " and ".join([", ".join(uses[:-1]), uses[-1]] if len(uses) > 1 else uses)
    out.print(f"remote {data.name} {would}{data.url}{default}, for {listed}", soft_wrap=True)
    if data.data is not None:
        out.print(f"data go to {data.data}: DVC's default remote", soft_wrap=True)
    if data.decisions:
        out.print(f"{data.decisions} decisions fetched")
    for text in data.renumbered:
        out.print(f"  {text}: another one was faster", soft_wrap=True)

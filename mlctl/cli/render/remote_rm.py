"""A forgotten remote as text."""

from rich.console import Console

from mlctl.domain.requests.remote_rm import RemoteRmResult


def render(data: RemoteRmResult, out: Console) -> None:
    """Print what was forgotten."""
    verb = "would forget" if data.dry_run else "forgot"
    own = "; the log is this repository's own again" if data.left else ""
    dvc = ", in .dvc/config too" if data.dvc else ""
    out.print(f"{verb} remote {data.name} ({data.url}){dvc}{own}", soft_wrap=True)

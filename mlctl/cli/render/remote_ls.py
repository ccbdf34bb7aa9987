"""The remotes as text."""

from rich.console import Console

from mlctl.cli.columns import columns
from mlctl.domain.requests.remote_ls import RemoteLsResult, RemoteRow


def render(data: RemoteLsResult, out: Console) -> None:
    """Print a line a remote."""
    if not data.remotes:
        out.print("no remotes")
    for line in columns([(row.name, row.url, _uses(row)) for row in data.remotes]):
        out.print(line, soft_wrap=True)


def _uses(row: RemoteRow) -> str:
    parts = ["default"] if row.default else []
    parts += ["dvc's"] if row.origin == "dvc" else [] if row.log else ["no log"]
    return ", ".join(parts)

"""`mlctl data get`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_get import DataGetRequest


def data_get(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file or folder of a dataset.")],
    version: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME[@N]", help="A version; what the pointer names by default."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="Write there, as plain copies.")
    ] = None,
    remote: Annotated[
        str | None, typer.Option("--remote", metavar="NAME", help="Fetch from this remote.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite other bytes.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Fetch one file or folder of a dataset, and no more.

    Examples:
      mlctl data get images/cats
      mlctl data get images/cats/1.jpg --from images@2 -o old.jpg
      mlctl data get data/hour.csv --dry-run   # how many files and bytes

    Works in a git clone with nothing but the pointer there. With --from, PATH may also begin at the dataset's
    own folder.
    """
    request = DataGetRequest(path=path, version=version, out=out, remote=remote, force=force, dry_run=dry_run)
    carry_out("data_get", request, json=json)

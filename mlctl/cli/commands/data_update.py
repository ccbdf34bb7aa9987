"""`mlctl data update`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_update import DataUpdateRequest


def data_update(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Imported datasets; all of them by default."),
    ] = None,
    rev: Annotated[
        str | None, typer.Option(help="Another branch, tag or commit, for one dataset of a repository.")
    ] = None,
    sha256: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="What the file of one dataset must have from now on."),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Ask the sources of imported data what has changed, and bring it.

    Examples:
      mlctl data update
      mlctl data update rides --dry-run
      mlctl data update images --rev v3
    """
    request = DataUpdateRequest(names=tuple(names or ()), rev=rev, sha256=sha256, dry_run=dry_run)
    carry_out("data_update", request, json=json)

"""`mlctl data add`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_add import DataAddRequest


def data_add(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]…", help="Files and folders; all declared data by default."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the dataset, for one path.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Count files that have never been here as removed.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Version files or folders.

    Examples:
      mlctl data add
      mlctl data add data/hour.csv
      mlctl data add images --name signs
      mlctl data add images/day=2026-11-03   # a new piece of a tracked folder: only that is read
    """
    request = DataAddRequest(paths=tuple(paths or ()), name=name, force=force, dry_run=dry_run)
    carry_out("data_add", request, json=json)

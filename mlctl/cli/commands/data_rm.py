"""`mlctl data rm`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_rm import DataRmRequest


def data_rm(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Datasets, or paths of their data.")],
    files: Annotated[
        bool, typer.Option("--files", help="Remove the data in the work tree too, if versions hold them.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --files: also bytes that no version holds.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Stop tracking data: remove pointer and ignore line; versions stay.

    `mlctl data checkout NAME` tracks them again.

    Examples:
      mlctl data rm images
      mlctl data rm images --files
    """
    request = DataRmRequest(names=tuple(names), files=files, force=force, dry_run=dry_run)
    carry_out("data_rm", request, json=json)

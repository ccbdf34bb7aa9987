"""`mlctl data status`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Check, Json
from mlctl.domain.requests.data_status import DataStatusRequest


def data_status(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Datasets, or paths of their data; all by default."),
    ] = None,
    check: Check = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Ask the data's remote as well what it holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare the work tree with the dataset versions.

    Examples:
      mlctl data status
      mlctl data status images
      mlctl data status --check   # exit 43 where something is not versioned
      mlctl data status --remote --check   # exit 43 too where data are not on their remote
    """
    carry_out(
        "data_status", DataStatusRequest(names=tuple(names or ()), check=check, remote=remote), json=json
    )

"""`mlctl data log`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_log import DataLogRequest


def data_log(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The dataset; may be left out where there is one.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", "-n", min=1, help="Only so many of the newest versions.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a dataset's history: who made each version, and what it changed.

    Examples:
      mlctl data log
      mlctl data log rides
      mlctl data log images --last 5
    """
    carry_out("data_log", DataLogRequest(name=name, last=last), json=json)

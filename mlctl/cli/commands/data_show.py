"""`mlctl data show`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_show import DataShowRequest


def data_show(
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="[NAME[@N]]", help="The version; the newest of the only dataset by default."),
    ] = None,
    json: Json = False,
) -> None:
    """Show a dataset version: its schema and its profile.

    Examples:
      mlctl data show
      mlctl data show rides@3
    """
    carry_out("data_show", DataShowRequest(dataset=dataset), json=json)

"""`mlctl data check`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_check import DataCheckRequest


def data_check(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME[@N]]", help="The file of NAME, or a version; all declared data by default."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Run the declared checks of the data.

    Examples:
      mlctl data check
      mlctl data check rides@3
    """
    carry_out("data_check", DataCheckRequest(dataset=dataset), json=json)

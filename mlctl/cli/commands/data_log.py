"""`mlctl data log`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_log import DataLogRequest


def data_log(
    name: Annotated[str, typer.Argument(help="The dataset.")],
    json: Json = False,
) -> None:
    """Show a dataset's history.

    Examples:
      mlctl data log rides
    """
    carry_out("data_log", DataLogRequest(name=name), json=json)

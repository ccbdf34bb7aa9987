"""`mlctl data show`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_show import LISTED, DataShowRequest


def data_show(
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="[NAME[@N]]", help="The version; the newest of the only dataset by default."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Files of a folder to list.")] = LISTED,
    json: Json = False,
) -> None:
    """Show a dataset version: its schema and its profile.

    Of a folder: suffixes, classes by first folder, sizes, equal files, images and texts. Above 10,000 files
    it looks into as many of them, evenly chosen.

    Examples:
      mlctl data show
      mlctl data show rides@3
      mlctl data show images --limit 0
    """
    carry_out("data_show", DataShowRequest(dataset=dataset, limit=limit), json=json)

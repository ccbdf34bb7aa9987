"""`mlctl show`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.show import ShowRequest


def show(
    selector: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="demand@7, demand@production, rides@3, run:01JD8, prediction:ID, 12, a digest."
        ),
    ],
    json: Json = False,
) -> None:
    """Show one thing in full: a model version, run, dataset version, evaluation or decision.

    Examples:
      mlctl show demand@7
      mlctl show demand@production~1
      mlctl show "production@{2026-11-01T12:00Z}"
      mlctl show run:01JD8
      mlctl show 12
    """
    carry_out("show", ShowRequest(selector=selector), json=json)

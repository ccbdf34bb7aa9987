"""`mlctl log`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.log import LogRequest


def log(
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most N, the newest.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Only what moved this model, dataset or name."),
    ] = None,
    json: Json = False,
) -> None:
    """Show the decision log.

    Examples:
      mlctl log
      mlctl log -n 5 -v
      mlctl log --name demand
      mlctl log --name stages/demand/production
    """
    carry_out("log", LogRequest(limit=limit, name=name), json=json)

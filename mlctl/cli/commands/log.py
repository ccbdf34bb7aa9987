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
    pending: Annotated[bool, typer.Option("--pending", help="Only what waits for publication.")] = False,
    json: Json = False,
) -> None:
    """Show the decision log.

    Examples:
      mlctl log
      mlctl log -n 5 -v
      mlctl log --name demand
      mlctl log --name stages/demand/production
      mlctl log --pending
    """
    carry_out("log", LogRequest(limit=limit, name=name, pending=pending), json=json)

"""`mlctl runs`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.cli.settings import current
from mlctl.domain.requests.runs import RunsRequest

_SHOWN = 50


def runs(
    model: Annotated[str | None, typer.Argument(help="Only this model's runs.")] = None,
    where: Annotated[
        str | None,
        typer.Option("-s", "--select", metavar="EXPR", help="A condition on fields, metrics, parameters."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="NAME", help="Order by it; -NAME for the largest first.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("-n", "--limit", min=0, help="At most so many, 0 for all; 50 by default, all as JSON."),
    ] = None,
    json: Json = False,
) -> None:
    """List the runs.

    Examples:
      mlctl runs
      mlctl runs -s "mae < 45 and params.max_iter >= 300" --sort mae
      mlctl runs -s "status = 'failed'"
    """
    shown = 0 if json or current().wants_json else _SHOWN
    request = RunsRequest(where=where, sort=sort, model=model, limit=shown if limit is None else limit)
    carry_out("runs", request, json=json)

"""`mlctl plan`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.plan import PlanRequest


def plan(
    model: Annotated[str | None, typer.Argument(help="Model; all of them by default.")] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="STAGE", help="The stage to bring up to date.")
    ] = "production",
    check: Annotated[bool, typer.Option("--check", help="Exit 43 where something is stale.")] = False,
    json: Json = False,
) -> None:
    """Show what is stale and why.

    Examples:
      mlctl plan
      mlctl plan demand --to staging
      mlctl plan --check
    """
    carry_out("plan", PlanRequest(model=model, to=to, check=check), json=json)

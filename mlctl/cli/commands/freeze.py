"""`mlctl freeze`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.freeze import FreezeRequest


def freeze(
    stage: Annotated[str, typer.Argument(metavar="[MODEL@]STAGE", help="The stage to keep as it is.")],
    reason: Reason = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="A date (UTC), a time, or a duration from now: 14d."),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Keep a stage as it is: no promotion, no rollback, nor the loop moves it.

    Examples:
      mlctl freeze production --reason "holidays" --until 2027-01-07
      mlctl freeze demand@production --reason "audit"
    """
    request = FreezeRequest(stage=stage, reason=reason, until=until, dry_run=dry_run)
    carry_out("freeze", request, json=json)

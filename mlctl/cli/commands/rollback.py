"""`mlctl rollback`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.rollback import RollbackRequest


def rollback(
    stage: Annotated[str, typer.Argument(help="The stage to walk back.")] = "production",
    model: Annotated[
        str | None, typer.Option("--model", help="Whose stage; may be left out where there is one.")
    ] = None,
    reason: Reason = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move the stage although it is frozen; needs --reason.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Give a stage back what it held before.

    Examples:
      mlctl rollback
      mlctl rollback staging --model demand --reason "ticket 12"
    """
    request = RollbackRequest(stage=stage, model=model, reason=reason, force=force, dry_run=dry_run)
    carry_out("rollback", request, json=json)

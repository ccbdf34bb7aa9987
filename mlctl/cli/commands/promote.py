"""`mlctl promote`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.promote import PromoteRequest


def promote(
    model: Annotated[
        str | None, typer.Argument(help="Model or model@version; the newest version by default.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="The stage to move.")] = "production",
    reason: Reason = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote although the gates refuse; needs --reason.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Move a stage to a version, if its gates agree.

    Examples:
      mlctl promote
      mlctl promote demand@7 --to staging --reason "ticket 12"
    """
    request = PromoteRequest(model=model, to=to, reason=reason, force=force, dry_run=dry_run)
    carry_out("promote", request, json=json)

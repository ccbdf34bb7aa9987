"""`mlctl unfreeze`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.unfreeze import UnfreezeRequest


def unfreeze(
    stage: Annotated[str, typer.Argument(metavar="[MODEL@]STAGE", help="The stage that moves again.")],
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Let a stage that was frozen move again.

    Examples:
      mlctl unfreeze production
      mlctl unfreeze demand@production --reason "the audit is over"
    """
    carry_out("unfreeze", UnfreezeRequest(stage=stage, reason=reason, dry_run=dry_run), json=json)

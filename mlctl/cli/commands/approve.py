"""`mlctl approve`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.approve import ApproveRequest


def approve(
    model: Annotated[
        str | None, typer.Argument(help="Model or model@version; the newest version by default.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="STAGE", help="The stage it is approved for.")
    ] = "production",
    reason: Reason = None,
    sign: Annotated[
        str | None, typer.Option("--sign", metavar="FILE", help="SSH key that signs it: ~/.ssh/id_ed25519.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Approve a version that somebody else has made, for a stage.

    Examples:
      mlctl approve demand@7
      mlctl approve demand@7 --to staging --sign ~/.ssh/id_ed25519 --reason "looked at the slices"
    """
    request = ApproveRequest(model=model, to=to, reason=reason, sign=sign, dry_run=dry_run)
    carry_out("approve", request, json=json)

"""`mlctl retire`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason
from mlctl.domain.requests.retire import RetireRequest


def retire(
    model: Annotated[str, typer.Argument(metavar="MODEL@N", help="The version that no stage gets again.")],
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Keep a version from every stage from now on; `undo` brings it back.

    Examples:
      mlctl retire demand@3 --reason "learnt from rows that we may not use"
    """
    carry_out("retire", RetireRequest(model=model, reason=reason, dry_run=dry_run), json=json)

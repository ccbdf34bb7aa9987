"""`mlctl undo`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason, decision_number
from mlctl.domain.requests.undo import UndoRequest


def undo(
    number: Annotated[
        int | None,
        typer.Argument(
            help="Number of the decision; the last one that stands by default.",
            parser=decision_number,
            metavar="[DECISION]",
        ),
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take back the last decision.

    Examples:
      mlctl undo
      mlctl undo 12 --reason "wrong ticket"
      mlctl undo --dry-run
    """
    carry_out("undo", UndoRequest(number=number, reason=reason, dry_run=dry_run), json=json)

"""`mlctl redo`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json, Reason, decision_number
from mlctl.domain.requests.redo import RedoRequest


def redo(
    number: Annotated[
        int | None,
        typer.Argument(
            help="Number of an undone decision; the one undone last by default.",
            parser=decision_number,
            metavar="[DECISION]",
        ),
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring back what was undone.

    Examples:
      mlctl redo
      mlctl redo 12
    """
    carry_out("redo", RedoRequest(number=number, reason=reason, dry_run=dry_run), json=json)

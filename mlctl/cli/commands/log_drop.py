"""`mlctl log drop`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.log_drop import LogDropRequest


def log_drop(
    decision: Annotated[str, typer.Argument(help="As `mlctl log --pending` shows it: p3.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Give up a decision that waits for publication.

    Examples:
      mlctl log drop p3
    """
    carry_out("log_drop", LogDropRequest(decision=decision, dry_run=dry_run), json=json)

"""`mlctl remote rm`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.remote_rm import RemoteRmRequest


def remote_rm(
    name: Annotated[str, typer.Argument(help="What it is called here.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Forget a remote; nothing is removed from it.

    Examples:
      mlctl remote rm origin
    """
    carry_out("remote_rm", RemoteRmRequest(name=name, dry_run=dry_run), json=json)

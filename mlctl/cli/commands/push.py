"""`mlctl push`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.push import PushRequest


def push(
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Ask the remote for everything that was ever sent, and send what it lacks."
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Share data, facts and decisions with the remote.

    Examples:
      mlctl push
      mlctl push --dry-run
      mlctl push --verify   # heals a remote that has lost what was sent
    """
    carry_out("push", PushRequest(verify=verify, dry_run=dry_run), json=json)

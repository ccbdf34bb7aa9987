"""`mlctl pull`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.pull import PullRequest


def pull(
    everything: Annotated[
        bool, typer.Option("--all", help="Bring what --only left out, too, and all that no decision names.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="MODEL@STAGE", help="Bring what this needs and no more; may be repeated."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Bring decisions, facts and the work tree's data from the remote.

    Examples:
      mlctl pull
      mlctl pull --only demand@production
    """
    request = PullRequest(everything=everything, only=tuple(only or ()))
    carry_out("pull", request, json=json, session=False)

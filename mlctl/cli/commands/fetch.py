"""`mlctl fetch`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.fetch import FetchRequest


def fetch(
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
    """Bring decisions and facts from the remote.

    Examples:
      mlctl fetch
      mlctl fetch --all
    """
    request = FetchRequest(everything=everything, only=tuple(only or ()))
    carry_out("fetch", request, json=json, session=False)

"""`mlctl clone`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.clone import CloneRequest


def clone(
    url: Annotated[str, typer.Argument(help="The remote: a path or a URL.")],
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="The folder to make; named after the remote.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="MODEL@STAGE", help="Bring what this needs and no more; may be repeated."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of the remote, as DVC names it; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a repository from a remote alone.

    Examples:
      mlctl clone s3://bucket/bikes
      mlctl clone /mnt/share/bikes server --only demand@production
    """
    request = CloneRequest(url=url, folder=folder, only=tuple(only or ()), options=tuple(option or ()))
    carry_out("clone", request, json=json, session=False)

"""`mlctl remote add`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.remote_add import RemoteAddRequest


def remote_add(
    name: Annotated[str, typer.Argument(help="What it is called here: origin.")],
    url: Annotated[str, typer.Argument(help="A path, relative to the project or absolute, or a URL.")],
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option, as DVC names it; may be repeated."),
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="The one that push and pull mean.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Join it although it is another project's repository.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write where the project is shared, and join the log that is there.

    Examples:
      mlctl remote add origin s3://bucket/bikes
      mlctl remote add origin /mnt/share/bikes
      mlctl remote add origin s3://bucket/bikes --option endpointurl=https://s3.example.org
    """
    request = RemoteAddRequest(
        name=name, url=url, options=tuple(option or ()), default=default, adopt=adopt, dry_run=dry_run
    )
    carry_out("remote_add", request, json=json)

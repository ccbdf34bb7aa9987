"""`mlctl build`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.build import BuildRequest


def build(
    model: Annotated[str | None, typer.Argument(help="Model; all of them by default.")] = None,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="The stage to promote to.")] = "production",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring up to date what is stale.

    Examples:
      mlctl build
      mlctl build demand --to staging
      mlctl build --dry-run
    """
    carry_out("build", BuildRequest(model=model, to=to, dry_run=dry_run), json=json)

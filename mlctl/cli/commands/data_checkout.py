"""`mlctl data checkout`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_checkout import DataCheckoutRequest


def data_checkout(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME[@N]]", help="What its pointer names, or a version; all datasets by default."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite bytes that nothing else holds.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Restore data in the work tree from a version.

    Examples:
      mlctl data checkout
      mlctl data checkout rides@3
      git checkout other-branch && mlctl data checkout rides
    """
    carry_out("data_checkout", DataCheckoutRequest(dataset=dataset, force=force, dry_run=dry_run), json=json)

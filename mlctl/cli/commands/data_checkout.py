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
    path: Annotated[
        str | None,
        typer.Option(metavar="SUB", help="Only this file or subfolder; the pointer stays as it is."),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="DIR", help="Put plain copies there; the work tree stays as it is.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite bytes that nothing else holds.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Restore data in the work tree from a version.

    Examples:
      mlctl data checkout
      mlctl data checkout rides@3
      mlctl data checkout images@1 --path train/cats
      mlctl data checkout images@1 --path labels.csv --to /tmp/old
      git checkout other-branch && mlctl data checkout rides
    """
    request = DataCheckoutRequest(dataset=dataset, path=path, to=to, force=force, dry_run=dry_run)
    carry_out("data_checkout", request, json=json)

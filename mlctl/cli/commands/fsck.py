"""`mlctl fsck`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.fsck import FsckRequest


def fsck(
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not read the bytes of objects and cached data.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Bring back what is damaged or missing, from the work tree or the remote."
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Verify every byte and every decision of the repository.

    Examples:
      mlctl fsck
      mlctl fsck --quick
      mlctl fsck --repair
    """
    carry_out("fsck", FsckRequest(quick=quick, repair=repair, dry_run=dry_run), json=json)

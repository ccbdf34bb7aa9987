"""`mlctl data mv`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_mv import DataMvRequest


def data_mv(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The dataset, or the path of its data.")],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="Their new path; a folder that exists takes them in.")
    ],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Move data with their pointer and ignore line; nothing is hashed again.

    The dataset keeps its name. `mlctl.toml` is not rewritten: where it declares the path, that is told.

    Examples:
      mlctl data mv images data/images
      mlctl data mv data/rides.csv archive/
    """
    carry_out("data_mv", DataMvRequest(old=old, new=new, dry_run=dry_run), json=json)

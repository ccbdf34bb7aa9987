"""`mlctl data diff`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_diff import LISTED, DataDiffRequest


def data_diff(
    old: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME[@N]]", help="What its pointer names, or a version; the only dataset by default."
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="[NAME@M]", help="Another version; the work tree by default.")
    ] = None,
    path: Annotated[
        str | None, typer.Option(metavar="SUB", help="Only this file or subfolder of the dataset.")
    ] = None,
    stat: Annotated[bool, typer.Option("--stat", help="Totals alone, no list of files.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Files to list at most; all are counted.")] = LISTED,
    json: Json = False,
) -> None:
    """Show which files differ between two versions, or a version and the work tree.

    Of a single table it tells bytes, rows and columns; which rows differ is not told yet.

    Examples:
      mlctl data diff images
      mlctl data diff images@1 images@2 --stat
      mlctl data diff images@1 --path train/cats
    """
    request = DataDiffRequest(old=old, new=new, path=path, limit=0 if stat else limit)
    carry_out("data_diff", request, json=json)

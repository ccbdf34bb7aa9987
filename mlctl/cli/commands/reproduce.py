"""`mlctl reproduce`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.reproduce import ReproduceRequest


def reproduce(
    selector: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run, a model version or a stage; by default the only model's newest version.",
        ),
    ] = None,
    fits: Annotated[
        int,
        typer.Option("--fits", metavar="N", help="Fit at most so often; 1 compares and looks for no cause."),
    ] = 30,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Fit a run again from its record, in a clean work tree, and compare bit for bit.

    Examples:
      mlctl reproduce
      mlctl reproduce demand@production
      mlctl reproduce 01M8EG --fits 1
    """
    carry_out("reproduce", ReproduceRequest(selector=selector, fits=fits, dry_run=dry_run), json=json)

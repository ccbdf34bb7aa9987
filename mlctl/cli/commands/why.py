"""`mlctl why`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.why import WhyRequest


def why(
    old: Annotated[str, typer.Argument(metavar="A", help="A model version, a stage or a run.")],
    new: Annotated[
        str | None, typer.Argument(metavar="[B]", help="Another; the model's newest version by default.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="Whose difference; the first declared one by default."),
    ] = None,
    fits: Annotated[int, typer.Option("--fits", metavar="N", help="Fit at most so often.")] = 20,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Tell why B does better or worse than A: swap what differs, one at a time, and fit.

    Examples:
      mlctl why demand@production
      mlctl why demand@3 demand@5 --dry-run
      mlctl why 01M8EG 01M8EH --metric r2
    """
    request = WhyRequest(old=old, new=new, metric=metric, fits=fits, dry_run=dry_run)
    carry_out("why", request, json=json)

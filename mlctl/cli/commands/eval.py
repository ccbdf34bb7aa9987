"""`mlctl eval`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.eval import EvalRequest


def eval(  # noqa: A001 (the command's own name)
    model: Annotated[
        str | None, typer.Argument(help="Model or model@version; the newest version by default.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="STAGE", help="Compare with what this stage holds.")
    ] = "production",
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="NAME@N", help="Score this dataset instead of the test rows."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 40 where the stage's gates would refuse.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Measure a model with intervals, by slice, beside the baseline and the incumbent.

    Examples:
      mlctl eval
      mlctl eval demand@7 --to staging
      mlctl eval --check
    """
    carry_out("eval", EvalRequest(model=model, to=to, data=data, check=check, dry_run=dry_run), json=json)

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
    markdown: Annotated[
        str | None,
        typer.Option("--markdown", metavar="FILE", help="Write it for a pull request; - for stdout."),
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write it as one page with plots.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Measure a model with intervals, by slice, beside the baseline and the incumbent.

    Examples:
      mlctl eval
      mlctl eval demand@7 --to staging
      mlctl eval --check --markdown comment.md
      mlctl eval --html evaluation.html
    """
    request = EvalRequest(
        model=model, to=to, data=data, check=check, markdown=markdown, html=html, dry_run=dry_run
    )
    carry_out("eval", request, json=json)

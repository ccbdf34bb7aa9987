"""`mlctl init`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.init import InitRequest


def init(
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="The project's folder.")] = ".",
    template: Annotated[str | None, typer.Option(help="Starter to copy: bike-demand or bare.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the project; the folder's by default.")] = None,
    table: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Make the spec from this table.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The table's column to predict.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="The table's columns, where it has no header.")
    ] = None,
    null: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A text that means a missing value; may be repeated."),
    ] = None,
    test: Annotated[
        str | None, typer.Option(metavar="FILE", help="A table with the rows to test on.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="regression, quantile, binary or multiclass, where the target suggests another."),
    ] = None,
    quantile: Annotated[
        float | None, typer.Option(help="Which one is to be answered, for --task quantile; 0.9 by default.")
    ] = None,
    weight: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The table's column that says how much a row counts.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a project: spec, repository, git and DVC settings.

    Examples:
      mlctl init bikes --template bike-demand
      mlctl init --from sales.csv --target amount
      mlctl init --from sales.csv --target amount --task quantile --quantile 0.9
      mlctl init income --from adult.data --target income --null '?' --columns age,work,income
    """
    request = InitRequest(
        directory=folder,
        template=template,
        name=name,
        table=table,
        target=target,
        columns=tuple(column.strip() for column in columns.split(",")) if columns else (),
        null=tuple(null or ()),
        test=test,
        task=task,
        quantile=quantile,
        weight=weight,
        dry_run=dry_run,
    )
    carry_out("init", request, json=json, session=False)

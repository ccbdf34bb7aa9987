"""`mlctl labels add`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.labels_add import LabelsAddRequest


def labels_add(
    file: Annotated[
        str, typer.Argument(help="Table with the target and a prediction_id or the key columns.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Model; needed where there are several.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Add truth that came later to the predictions that it belongs to.

    Examples:
      mlctl labels add counted.csv
      mlctl labels add outcomes.parquet --model churn
    """
    carry_out("labels_add", LabelsAddRequest(path=file, model=model, dry_run=dry_run), json=json)

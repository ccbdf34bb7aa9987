"""`mlctl predict`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from mlctl.cli import table
from mlctl.cli.door import carry_out, command_line
from mlctl.cli.options import DryRun, Json
from mlctl.cli.settings import current
from mlctl.domain.errors import UsageError
from mlctl.domain.requests.predict import PredictRequest


def predict(
    model: Annotated[str, typer.Argument(help="A model version: demand@7, demand@production, production.")],
    input: Annotated[str, typer.Argument(help="Table to score: CSV, Parquet or JSON lines.")],  # noqa: A002 - its name on the command line
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write (.csv, .parquet, .jsonl), or - for CSV on stdout."
        ),
    ],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Score a table on the code path that serves.

    Examples:
      mlctl predict demand@production new.csv -o predictions.parquet
      mlctl predict demand@7 new.csv -o -
    """
    if output != "-":
        request = PredictRequest(model=model, input=input, output=output, dry_run=dry_run)
        carry_out("predict", request, json=json)
        return
    settings = current()
    if json or settings.json:
        raise UsageError(
            "-o - writes CSV to stdout, and --json a document; choose one", "mlctl predict --help"
        )
    with tempfile.TemporaryDirectory(prefix="mlctl-") as folder:
        path = Path(folder) / "predictions.csv"
        session = table.load(table.SESSION).open(Path.cwd(), command=command_line(settings))
        request = PredictRequest(model=model, input=input, output=str(path), dry_run=dry_run)
        table.load(table.verb_target("predict"))(session, request)
        if not dry_run:
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)

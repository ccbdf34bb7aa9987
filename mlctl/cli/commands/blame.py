"""`mlctl blame`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.blame import BlameRequest


def blame(
    prediction: Annotated[
        str | None, typer.Argument(metavar="[PREDICTION_ID]", help="Id from the answer.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="COLUMN=VALUE", help="Instead of an id: the newest answer for a key."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model, for --key.")] = None,
    json: Json = False,
) -> None:
    """Trace a prediction to its model, decision, run, data and code.

    Examples:
      mlctl blame 01JD8Z3V5W4N8Q0T1X2Y3Z4A5B
      mlctl blame --key instant=12345
    """
    carry_out("blame", BlameRequest(prediction=prediction, key=tuple(key or ()), model=model), json=json)

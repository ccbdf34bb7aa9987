"""`mlctl models`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.models import ModelsRequest


def models(
    model: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    json: Json = False,
) -> None:
    """List the models, their versions and stages.

    Examples:
      mlctl models
      mlctl models demand --json
    """
    carry_out("models", ModelsRequest(model=model), json=json)

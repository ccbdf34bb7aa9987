"""`mlctl models`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.cli.settings import current
from mlctl.domain.requests.models import ModelsRequest

_SHOWN = 20


def models(
    model: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "-n", "--limit", min=0, help="The newest N of each, 0 for all; 20 by default, all as JSON."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List the models, their versions and stages.

    Examples:
      mlctl models
      mlctl models demand --json
    """
    shown = 0 if json or current().wants_json else _SHOWN
    carry_out("models", ModelsRequest(model=model, limit=shown if limit is None else limit), json=json)

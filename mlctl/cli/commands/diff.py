"""`mlctl diff`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.diff import DiffRequest


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A model version, a stage or a run.")],
    new: Annotated[
        str | None, typer.Argument(metavar="[B]", help="Another; the model's newest version by default.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what two runs or model versions differ in: data, spec, code, environment, metrics.

    Examples:
      mlctl diff demand@production
      mlctl diff demand@3 demand@5
      mlctl diff 01M8EG 01M8EH
    """
    carry_out("diff", DiffRequest(old=old, new=new), json=json)

"""`mlctl spec explain`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.spec_explain import SpecExplainRequest


def spec_explain(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Only this part, dotted: model.demand.monitor.")
    ] = None,
    json: Json = False,
) -> None:
    """Print the spec with every default filled in.

    Examples:
      mlctl spec explain
      mlctl spec explain model.demand.monitor
      mlctl spec explain --json

    Keys that `mlctl.toml` does not set are marked; what they mean stands in docs/reference/spec.md.
    """
    carry_out("spec_explain", SpecExplainRequest(key=key), json=json)

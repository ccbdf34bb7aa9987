"""`mlctl score`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.score import ScoreRequest


def score(
    model: Annotated[str | None, typer.Argument(help="Of this model; the only one by default.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 40 where the score is below the least.")
    ] = False,
    least: Annotated[
        float, typer.Option("--min", metavar="N", min=0, max=7, help="The least that --check takes.")
    ] = 1.0,
    json: Json = False,
) -> None:
    """Show how ready a model is for production: the 28 items of the ML Test Score, with evidence.

    Examples:
      mlctl score
      mlctl score demand --json
      mlctl score --check --min 1.5
      mlctl score -v

    An item brings 0.5 for what is done by hand and documented, 1 for what runs by itself; the score is the
    least of the four sections. Points come from the record, or from [score.answers] where only people know.
    """
    carry_out("score", ScoreRequest(model=model, check=check, least=least), json=json)

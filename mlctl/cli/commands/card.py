"""`mlctl card`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.card import CardRequest


def card(
    selector: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL[@N|@STAGE]",
            help="Version or stage; what production holds, or the newest, by default.",
        ),
    ] = None,
    markdown: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown; - for stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a version's model card, made from what is on record.

    Examples:
      mlctl card
      mlctl card demand@7 --markdown CARD.md
      mlctl card demand@production --json

    Purpose, limits and contact are words of [model.NAME.card]. What no record holds is said to be missing.
    """
    carry_out("card", CardRequest(selector=selector, markdown=markdown), json=json)

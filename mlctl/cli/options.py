"""Options that several commands share, as annotated types: `json: Json = False`."""

from typing import Annotated

import typer

from mlctl.domain.sharing import heard


def decision_number(text: str) -> int:
    """The number that `12` or `p3` means."""
    number = heard(text)
    if number is None:
        raise typer.BadParameter(f"{text!r} is no number of a decision: 12, or p3 of one that is pending")
    return number


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before something is lost.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]
Everything = Annotated[
    bool, typer.Option("--all", help="Bring what --only left out, too, and all that no decision names.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="MODEL@STAGE", help="Bring what this needs and no more; may be repeated."),
]
Check = Annotated[bool, typer.Option("--check", help="Exit with the answer's code where the answer is no.")]

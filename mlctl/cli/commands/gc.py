"""`mlctl gc`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.gc import GRACE, LEASE, GcRequest


def gc(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it: without, the plan is shown.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back all that is in the trash.")] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Remove for good what is in the trash for longer than --grace.")
    ] = False,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="SPAN", help="What is younger stays.")
    ] = LEASE,
    grace: Annotated[str, typer.Option("--grace", metavar="SPAN", help="See --empty.")] = GRACE,
    projects: Annotated[
        list[str] | None,
        typer.Option(
            "--projects",
            metavar="DIR",
            help="A project that shares the cache; all of them, each with its own.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing", help="Also where the cache lacks listings of folders that git names."
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Collect what nothing needs, into a trash from where it can be brought back.

    Examples:
      mlctl gc
      mlctl gc --yes
      mlctl gc --restore
      mlctl gc --empty --grace 30d --yes
    """
    request = GcRequest(
        yes=yes,
        restore=restore,
        empty=empty,
        older_than=older_than,
        grace=grace,
        projects=tuple(projects or ()),
        allow_missing=allow_missing,
        dry_run=dry_run,
    )
    carry_out("gc", request, json=json)

"""`mlctl loop`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.cli.watching import keep_watching
from mlctl.domain.errors import UsageError
from mlctl.domain.requests.loop import LoopRequest


def loop(
    model: Annotated[str | None, typer.Argument(help="Model; the only one by default.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One turn; the default.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Turn after turn.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="Between two turns, with --watch.")
    ] = 60.0,
    stage: Annotated[str, typer.Option("--stage", help="What is watched and renewed.")] = "production",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Monitor, and on an alarm renew the model through its gates.

    Examples:
      mlctl loop --once
      mlctl loop demand --once --dry-run
      mlctl loop --watch --interval 3600
    """
    if once and watch:
        raise UsageError("--once and --watch exclude each other", "mlctl loop --once")
    request = LoopRequest(model=model, stage=stage, watch=watch, interval=interval, dry_run=dry_run)
    if watch:
        keep_watching("loop", request, seconds=interval, json=json)
    carry_out("loop", request, json=json)

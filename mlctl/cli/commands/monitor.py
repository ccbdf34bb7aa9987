"""`mlctl monitor`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.cli.watching import keep_watching
from mlctl.domain.requests.monitor import MonitorRequest


def monitor(
    model: Annotated[
        str | None, typer.Argument(help="Model or model@stage; production of the only model by default.")
    ] = None,
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="TIME", help="Length of a window, instead of the spec's."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="First window; by default the deployed model's first."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look and record nothing; for hooks and CI.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="Between two looks, with --watch.")
    ] = 60.0,
    json: Json = False,
) -> None:
    """Watch a model's predictions for quality, drift and performance.

    Examples:
      mlctl monitor
      mlctl monitor demand --since 2012-03-01
      mlctl monitor demand@production --window 1d --check
      mlctl monitor --watch --interval 300
    """
    request = MonitorRequest(
        model=model, window=window, since=since, check=check, watch=watch, interval=interval
    )
    if watch:
        keep_watching("monitor", request, seconds=interval, json=json)
    carry_out("monitor", request, json=json)

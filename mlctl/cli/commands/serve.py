"""`mlctl serve`."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mlctl.cli import table
from mlctl.cli.door import command_line
from mlctl.cli.options import Json
from mlctl.cli.settings import current
from mlctl.domain.progress import Event
from mlctl.domain.requests.serve import DEFAULT_PORT, ServeEvent, ServeRequest


def serve(
    target: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL@STAGE]", help="A stage to follow, or a fixed version MODEL@N."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one and prints it.")
    ] = DEFAULT_PORT,
    workers: Annotated[int, typer.Option(help="Processes; this version has one.")] = 1,
    json: Json = False,
) -> None:
    """Answer predictions over HTTP, following a stage.

    Examples:
      mlctl serve
      mlctl serve demand@staging --port 0
      mlctl serve demand@7 --json
    """
    settings = current()
    settings.json = settings.json or json
    report = _as_json if settings.json else _as_text
    session = table.load(table.SESSION).open(Path.cwd(), command=command_line(settings), report=report)
    request = ServeRequest(target=target, host=host, port=port, workers=workers)
    table.load(table.verb_target("serve"))(session, request)


def _as_json(event: Event) -> None:
    """One object a line on stdout; what went wrong on stderr too, where an operator looks."""
    if not isinstance(event, ServeEvent):
        return
    line = msgspec.json.encode({"event": event.step, **event.facts}, enc_hook=str) + b"\n"
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    if event.step in {"swap_refused", "log_failed", "bug"}:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()


def _as_text(event: Event) -> None:
    if isinstance(event, ServeEvent) and not (
        current().quiet and event.step in {"started", "swapped", "stopped"}
    ):
        sys.stderr.write(table.load("mlctl.cli.render.serve:line")(event) + "\n")
        sys.stderr.flush()

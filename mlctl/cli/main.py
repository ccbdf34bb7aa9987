"""The whole command line, built on Typer from the command table."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import typer

from mlctl import __version__
from mlctl.cli import lazy, table
from mlctl.cli.door import answer
from mlctl.cli.settings import SETTINGS, enter, from_environment
from mlctl.domain.errors import UsageError
from mlctl.domain.nearest import nearest

# Typer carries a Click of its own from 0.26 on; its error classes are reached through Typer's public names
_ClickUsageError: Any = typer.BadParameter.__mro__[1]


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    SETTINGS.set(from_environment(arguments, os.environ))
    return answer(lambda: _invoke(list(arguments)))


def root() -> lazy.Group:
    """The command tree, with nothing imported yet."""
    made = lazy.group("")
    made.params = [
        *made.params,
        lazy.switch(["--version"], "Print the version.", _version),
        lazy.switch(["--describe"], "Print the whole command tree as JSON.", _describe),
    ]
    return made


def _invoke(arguments: list[str]) -> None:
    enter()
    command = root()
    try:
        with command.make_context("mlctl", arguments) as ctx:
            command.invoke(ctx)
    except typer.Exit as exit_:
        if exit_.exit_code:
            raise SystemExit(exit_.exit_code) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _ClickUsageError as error:
        raise _usage(error) from None


def _version(_: Any) -> None:
    sys.stdout.write(f"mlctl {__version__}\n")
    raise typer.Exit


def _describe(_: Any) -> None:
    table.load("mlctl.cli.describe:print_tree")(root())
    raise typer.Exit


def _usage(error: Any) -> UsageError:
    ctx = error.ctx
    page = f"{ctx.command_path} --help" if ctx is not None else "mlctl --help"
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities") and ctx is not None:
        params = ctx.command.get_params(ctx)
        known = [name for param in params for name in (*param.opts, *param.secondary_opts)]
        near = nearest(option, (name for name in known if name.startswith("-")))
        message = f"{ctx.command_path} has no option {option}{f'; did you mean {near}?' if near else ''}"
        return UsageError(message, page, option=option, nearest=near)
    message = error.format_message().strip().rstrip(".")
    message = re.sub(r"is not a valid int(eger)?( range)?$", "is not a whole number", message)
    message = re.sub(r"is not a valid float( range)?$", "is not a number", message)
    return UsageError(message[:1].lower() + message[1:], page)

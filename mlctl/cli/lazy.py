"""Groups that read the command table: a command's module is imported when that command is asked for."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from mlctl.cli import help as pages
from mlctl.cli import table
from mlctl.cli.settings import current
from mlctl.domain.errors import UsageError
from mlctl.domain.nearest import nearest

NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


class Command(TyperCommand):
    """A command whose help begins with its examples, and that takes the global options too.

    Attributes:
        path: in the table; a command may have others below it: `log` and `log drop`.
    """

    path: str = ""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as a group's
        """The command of this word below this one, or None."""
        below = f"{self.path} {cmd_name}"
        return command(below) if below in table.COMMANDS else None

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """`-h`, `--help`, always in this order (Typer's own comes from a set)."""
        return list(ctx.help_option_names)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Summary, examples, usage, arguments, options."""
        pages.command_help(self, ctx, formatter)


class Group(TyperGroup):
    """A group of the table: the root where its path is empty."""

    path: str = ""

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """As a command's."""
        return list(ctx.help_option_names)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is Typer's
        """The next words after this group's path, in the table's order."""
        depth = len(self.path.split())
        words = [path.split() for path in table.COMMANDS]
        return list(dict.fromkeys(word[depth] for word in words if word[:depth] == self.path.split()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is Typer's
        """The command or group of this word, or None."""
        path = f"{self.path} {cmd_name}".strip()
        if path in table.COMMANDS:
            return command(path)
        if path in table.GROUPS:
            return group(path)
        return None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the group's own options; without any argument the help page is the answer."""
        if not args:
            sys.stdout.write(f"{ctx.get_help()}\n")
            raise typer.Exit
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments begin with.

        Raises:
            UsageError: there is none; the nearest one is named.
        """
        found = self.get_command(ctx, args[0])
        if found is None:
            raise _unknown(self, args[0])
        below = found.get_command(ctx, args[1]) if isinstance(found, Command) and len(args) > 1 else None
        if below is not None:
            return f"{args[0]} {args[1]}", below, args[2:]
        return args[0], found, args[1:]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Summary, examples, usage, commands from the table, options."""
        pages.group_help(self, ctx, formatter)


def command(path: str) -> Command:
    """The command of this path; imports its module."""
    function = table.load(table.command_target(table.stem_of(path)))
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(path.rsplit(maxsplit=1)[-1], cls=Command, context_settings=NAMES)(function)
    built = typer.main.get_command(app)
    if not isinstance(built, Command):  # pragma: no cover - Typer makes the class it is handed
        raise TypeError(path)
    built.path = path
    built.params = [*built.params, *global_options()]
    return built


def group(path: str) -> Group:
    """The group of this path; imports no command."""
    made = Group(
        name=path.rsplit(maxsplit=1)[-1] if path else "mlctl",
        help=table.GROUPS.get(path),
        context_settings=NAMES,
        params=global_options(),
        rich_markup_mode=None,
    )
    made.path = path
    return made


def global_options() -> list[Any]:
    """`-C DIR -q -v --debug`, taken before or after the command."""
    return [
        TyperOption(
            param_decls=["-C", "directory"],
            metavar="DIR",
            help="Run as if started in DIR.",
            expose_value=False,
            is_eager=True,
            callback=_go_to,
        ),
        _flag(["-q", "--quiet"], "Nothing on stderr but errors."),
        _flag(["-v", "--verbose"], "Progress, warnings and advice even where stderr is no terminal."),
        _flag(["--debug"], "A traceback when something fails."),
    ]


def switch(names: Sequence[str], text: str, act: Callable[[Any], None]) -> Any:
    """A flag that does something at once where it is given."""

    def callback(ctx: Any, param: Any, value: bool) -> bool:  # noqa: ARG001 - the signature is Typer's
        if value:
            act(ctx)
        return value

    return TyperOption(
        param_decls=list(names), is_flag=True, help=text, expose_value=False, is_eager=True, callback=callback
    )


def _flag(names: list[str], text: str) -> Any:
    attribute = names[-1].lstrip("-")
    return switch(names, text, lambda _: setattr(current(), attribute, True))


def _go_to(ctx: Any, param: Any, value: str | None) -> str | None:  # noqa: ARG001 - the signature is Typer's
    if value:
        settings = current()
        folder = settings.start / value
        try:
            os.chdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            raise UsageError(
                f"-C {value}: there is no such folder", "mlctl --help", directory=value
            ) from None
        settings.start = Path.cwd()
    return value


def _unknown(parent: Group, typed: str) -> UsageError:
    names = parent.list_commands(None)
    said = f"mlctl {parent.path} {typed}".replace("  ", " ")
    help_of_parent = f"mlctl {parent.path} --help".replace("  ", " ")
    found = nearest(typed, names)
    if found:
        right: str | None = f"mlctl {parent.path} {found}".replace("  ", " ")
    else:
        elsewhere = [path for path in table.COMMANDS if typed in path.split()]
        right = f"mlctl {elsewhere[0]}" if elsewhere else None
    if right is not None:
        message = f"{said!r} is no command; did you mean {right!r}?"
        return UsageError(message, f"{right} --help", nearest=right)
    return UsageError(f"{said!r} is no command", help_of_parent)

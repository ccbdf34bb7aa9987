"""What holds for the whole invocation: the global options and the `MLCTL_*` environment variables."""

import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

import msgspec

from mlctl.domain.errors import UsageError

ENVIRONMENT: dict[str, str] = {
    "MLCTL_DIR": "Run as if started in this folder; `-C` wins over it.",
    "MLCTL_JSON": "Print JSON as with `--json`, on every command that has it.",
    "MLCTL_QUIET": "Nothing on stderr but errors, as with `-q`.",
    "MLCTL_VERBOSE": "Progress, warnings and advice even where stderr is no terminal, as with `-v`.",
    "MLCTL_DEBUG": "A traceback when mlctl itself fails, as with `--debug`.",
    "MLCTL_TRUST_CODE": "Code that came with a model and may run here: digests, or 8 digits of each or more.",
    "NO_COLOR": "No colour, whatever the value.",
}
"""Every environment variable that the terminal honours."""

_FALSE = {"", "0", "false", "no", "off"}


class Settings(msgspec.Struct, kw_only=True):
    """The global options of this invocation.

    Attributes:
        arguments: the command line without the program's name.
        directory: `MLCTL_DIR`, or None.
        start: the folder that the next `-C` is relative to.
    """

    arguments: tuple[str, ...] = ()
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    colour: bool = True
    directory: str | None = None
    start: Path = msgspec.field(default_factory=Path.cwd)
    program: str = "mlctl"

    @property
    def wants_json(self) -> bool:
        """Whether stdout is to be one JSON document; known before the command line is parsed."""
        before = self.arguments[: self.arguments.index("--")] if "--" in self.arguments else self.arguments
        return self.json or "--json" in before


SETTINGS: ContextVar[Settings] = ContextVar("settings")


def from_environment(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings before the command line is parsed."""

    def on(name: str) -> bool:
        return environment.get(name, "").strip().lower() not in _FALSE

    return Settings(
        arguments=tuple(arguments),
        json=on("MLCTL_JSON"),
        quiet=on("MLCTL_QUIET"),
        verbose=on("MLCTL_VERBOSE"),
        debug=on("MLCTL_DEBUG"),
        directory=environment.get("MLCTL_DIR") or None,
        colour="NO_COLOR" not in environment,
    )


def current() -> Settings:
    """The settings of this invocation; defaults where nothing has set them (a test calling a function)."""
    return SETTINGS.get(None) or from_environment((), os.environ)


def enter() -> None:
    """Go to `MLCTL_DIR`, unless the command line names a folder.

    Raises:
        UsageError: there is no such folder.
    """
    settings = current()
    if settings.directory is None or any(argument.startswith("-C") for argument in settings.arguments):
        return
    try:
        os.chdir(settings.directory)
    except (FileNotFoundError, NotADirectoryError):
        where = settings.directory
        message = f"MLCTL_DIR={where}: there is no such folder"
        raise UsageError(message, "mlctl --help", directory=where) from None

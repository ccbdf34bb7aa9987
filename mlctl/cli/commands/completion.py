"""`mlctl completion SHELL`."""

import sys
from typing import Annotated

import typer

from mlctl.cli.complete import shipped


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.", metavar="SHELL")],
) -> None:
    """Print the completion script of a shell.

    Examples:
      mlctl completion bash > ~/.local/share/bash-completion/completions/mlctl
      mlctl completion zsh > "${fpath[1]}/_mlctl"
      mlctl completion fish > ~/.config/fish/completions/mlctl.fish

    The scripts are static: pressing Tab starts no program.
    """
    sys.stdout.write(shipped(shell))

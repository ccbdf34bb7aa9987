"""Stdout as a rich console for the render modules: plain where it is piped, 80 columns where nobody says."""

import sys

from rich.console import Console

from mlctl.cli.settings import current


class _Output(Console):
    """A console that leaves a broken pipe to the door; rich's own would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Called by rich while the BrokenPipeError is handled."""
        raise  # noqa: PLE0704 - rich calls this inside its except block


def standard_output() -> Console:
    """A console on stdout; texts are printed as they are, without markup, highlighting or emoji codes."""
    return _Output(
        file=sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=not sys.stdout.isatty(),
        no_color=None if current().colour else True,
    )

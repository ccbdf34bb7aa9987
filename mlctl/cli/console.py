"""Stdout as a rich console for the render modules: plain where it is piped, 80 columns where nobody says."""

import sys

from rich.console import Console

from mlctl.cli.settings import current


def standard_output() -> Console:
    """A console on stdout; texts are printed as they are, without markup, highlighting or emoji codes."""
    return Console(
        file=sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=not sys.stdout.isatty(),
        no_color=None if current().colour else True,
    )

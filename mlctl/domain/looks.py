"""What an answer rests on, told as audit events to whoever listens; nothing happens where nobody does.

The interpreter itself tells of every file that is opened and every folder that is listed. It says nothing of
a file that is only looked at (is it there, how large is it, when was it changed), nor of the clock: whoever
asks for these says so here. `mlctl.project.inputs` listens.
"""

import os
import sys
from collections.abc import Sequence

LOOKED_AT = "mlctl.looked_at"
CLOCK = "mlctl.clock"
ENVIRONMENT = "mlctl.environment"
SPAN = "mlctl.span"


def looked_at(folder: str | os.PathLike[str], names: Sequence[str] = ("",)) -> None:
    """Tell that files were looked at and not opened, whether they are there or not.

    Args:
        folder: that the names are relative to.
        names: with "/"; by default the folder (or file) itself.
    """
    sys.audit(LOOKED_AT, os.fspath(folder), names)


def environment_read(names: Sequence[str]) -> None:
    """Tell that these variables of the environment were read."""
    sys.audit(ENVIRONMENT, names)


def clock_read() -> None:
    """Tell that the time was asked for."""
    sys.audit(CLOCK)


def span_compared(end: float) -> None:
    """Tell that the time was only compared with a moment (seconds since 1970)."""
    sys.audit(SPAN, end)

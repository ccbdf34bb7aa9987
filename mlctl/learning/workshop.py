"""Where the programs of a run work, and who is told what they print and measure."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mlctl.workspace.programs import Ended


def _nothing(_data: bytes) -> None:
    """Hear nothing."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A folder for the programs of one run: the first one fits the model, others fit its folds.

    Attributes:
        run, model: the run's id and the model's name, for the program's own use.
        folder: each program gets a folder of its own in it, `fit-1` and so on.
        hear: is handed what a program prints, as it comes.
        measured: is handed the new lines of the first program's points, as they come.
        ended: how the programs ended, in order.
        flavor: what will most likely read the model; loaded while the first program runs. None to wait.
        resumed: whether the first one's folder is as an interrupted start has left it.
    """

    folder: Path
    run: str = ""
    model: str = ""
    hear: Callable[[bytes], None] = _nothing
    measured: Callable[[bytes], None] = _nothing
    ended: list[Ended] = field(default_factory=list)
    flavor: str | None = None
    resumed: bool = False
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

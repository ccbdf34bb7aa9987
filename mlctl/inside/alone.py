"""A run that `mlctl train` has not started: recorded by the program itself, in the project around it."""

import atexit
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from mlctl.domain import handover as names
from mlctl.inside.points import PointWriter
from mlctl.inside.run import HandedRun
from mlctl.training.alone import Alone


class AloneRun(HandedRun):
    """As `HandedRun`; what it saves is kept with the run and is no version of a model."""

    def __init__(self, model: str | None, parameters: dict[str, Any]) -> None:
        self._alone = Alone(model, Path.cwd(), parameters)
        super().__init__(self._alone.folder)
        self._points.close()
        self._points = PointWriter(self.folder / names.POINTS, flushes=True)
        self._ended = False
        self._process = os.getpid()
        atexit.register(self._left_open)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, trace
        self._points.close()
        self._listener.stop()
        self._end(error)

    def close(self) -> None:
        """End the run, well: for a notebook, where no `with` holds it. Safe to call twice."""
        self._points.close()
        self._listener.stop()
        self._end(None)

    def _left_open(self) -> None:
        """End a run that nobody has ended with the program that began it: as the program ends."""
        if os.getpid() == self._process:
            self._points.close()
            self._listener.stop()
            self._end(getattr(sys, "last_value", None))

    def _end(self, error: BaseException | None) -> None:
        if not self._ended:
            self._ended = True
            self._alone.end(error)

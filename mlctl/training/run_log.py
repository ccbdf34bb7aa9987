"""The log of a run as a text file, for all that prints while it is fitted."""

import io

from mlctl.store.runs import LiveRun


class RunLog(io.TextIOBase):
    """A text file whose writes go to the run's log."""

    def __init__(self, live: LiveRun) -> None:
        self._live = live

    def write(self, text: str) -> int:
        """Append to the log."""
        self._live.log(text)
        return len(text)

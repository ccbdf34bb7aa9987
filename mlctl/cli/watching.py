"""Commands that look again and again: one result after the other, until they are interrupted."""

import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from mlctl.cli.door import carry_out, show
from mlctl.domain.errors import AnswerIsNo
from mlctl.domain.outcome import Outcome


def keep_watching(stem: str, request: Any, *, seconds: float, json: bool) -> None:
    """Carry a command out every so many seconds; with `json`, one object a line.

    An answer "no" (an alarm) is shown like any other result and does not end the watch; other errors do.
    """
    interrupts = Interrupts()
    while True:
        try:
            carry_out(stem, request, json=json, lines=True)
        except AnswerIsNo as no:
            if json:
                show(stem, Outcome(data=no.data, warnings=(no.message,), next=no.hints), compact=True)
            else:
                sys.stderr.write(f"{no.message}\n")
        sys.stdout.flush()
        interrupts.heed()
        time.sleep(seconds)


class Interrupts:
    """Remembers Ctrl-C: a compiled library that is just being loaded may swallow what is raised in it."""

    def __init__(self) -> None:
        self._pressed = False
        self._handler = signal.getsignal(signal.SIGINT)
        if callable(self._handler) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._press)

    def heed(self) -> None:
        """Raise KeyboardInterrupt if it was pressed and nobody has heard it."""
        if self._pressed:
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:
        self._pressed = True
        if callable(self._handler):
            self._handler(number, frame)

"""Commands that look again and again: one result after the other, until they are interrupted."""

import sys
import time
from typing import Any

from mlctl.cli.door import carry_out, show
from mlctl.domain.errors import AnswerIsNo
from mlctl.domain.outcome import Outcome


def keep_watching(stem: str, request: Any, *, seconds: float, json: bool) -> None:
    """Carry a command out every so many seconds; with `json`, one object a line.

    An answer "no" (an alarm) is shown like any other result and does not end the watch; other errors do.
    """
    while True:
        try:
            carry_out(stem, request, json=json, lines=True)
        except AnswerIsNo as no:
            if json:
                show(stem, Outcome(data=no.data, warnings=(no.message,), next=no.hints), compact=True)
            else:
                sys.stderr.write(f"{no.message}\n")
        sys.stdout.flush()
        time.sleep(seconds)

"""The plain forms of `status`, `plan` and `build`, answered without Typer and rich; both print the same."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from mlctl.cli.door import answer, carry_out
from mlctl.cli.settings import SETTINGS, enter, from_environment
from mlctl.domain.requests.build import BuildRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.status import StatusRequest


def run(arguments: Sequence[str]) -> int:
    """Carry out one of the command lines that `__main__` lists; the exit code."""
    SETTINGS.set(from_environment(arguments, os.environ))
    return answer(lambda: _plain(arguments))


def _plain(arguments: Sequence[str]) -> None:
    enter()
    stem, check, json = arguments[0], "--check" in arguments, "--json" in arguments
    carry_out(stem, _REQUESTS[stem](check), json=json)


_REQUESTS: dict[str, Callable[[bool], Any]] = {
    "status": lambda check: StatusRequest(check=check),
    "plan": lambda check: PlanRequest(check=check),
    "build": lambda _check: BuildRequest(),
}

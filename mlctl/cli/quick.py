"""The plain forms of a few commands, answered without Typer and rich; both ways print the same.

What the answer of `status`, `plan` and `build` rested on is recorded meanwhile, and the answer kept for the
next time (`store.kept_answers`).
"""

import os
from collections.abc import Sequence
from typing import Any

from mlctl.cli.door import answer, carry_out, printed, talk
from mlctl.cli.refs import refs_on_stdin
from mlctl.cli.settings import SETTINGS, current, enter, from_environment
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.build import BuildRequest
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.hook_run import HookRunRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.project.inputs import Recording
from mlctl.store.kept_answers import keep, project_root


def run(arguments: Sequence[str]) -> int:
    """Carry out one of the command lines that `__main__` lists; the exit code."""
    SETTINGS.set(from_environment(arguments, os.environ))
    return answer(lambda: _plain(list(arguments)))


def _plain(arguments: list[str]) -> None:
    if arguments[0] == "hook":  # about what git pushes from here, whatever MLCTL_DIR says; never kept
        request = HookRunRequest(
            hook=arguments[2], remote=arguments[3], url=arguments[4], refs=refs_on_stdin()
        )
        carry_out("hook_run", request, session=False)
        return
    enter()
    if arguments[0] == "push":
        carry_out("push", PushRequest(), json="--json" in arguments)
        return
    if arguments[0] == "data":
        carry_out(f"data_{arguments[1]}", _data_request(arguments), json="--json" in arguments)
        return
    recording = Recording.start()
    try:
        outcome = carry_out(arguments[0], _request(arguments), json="--json" in arguments)
    finally:
        recording.stop()
    _keep(arguments, outcome, recording)


def _keep(arguments: list[str], outcome: Outcome[Any], recording: Recording) -> None:
    """Keep the answer, unless something was done, or something that it rests on is not known."""
    root = project_root()
    if root is None or getattr(outcome.data, "changed", False) or not recording.complete:
        return
    keep(
        arguments,
        printed(arguments[0], outcome),
        b"" if current().json else talk(outcome).encode(),
        root=root,
        paths=recording.paths(root),
        started=recording.started,
        until=recording.until,
    )


def _data_request(arguments: list[str]) -> Any:
    if arguments[1] == "status":
        return DataStatusRequest(check="--check" in arguments)
    names = tuple(arguments[2:-1] if arguments[-1] == "--json" else arguments[2:])
    if arguments[1] == "checkout":
        return DataCheckoutRequest(dataset=names[0] if names else None)
    return DataAddRequest(paths=names)


def _request(arguments: list[str]) -> Any:
    check = "--check" in arguments
    match arguments[0]:
        case "status":
            return StatusRequest(check=check)
        case "plan":
            return PlanRequest(check=check)
        case _:
            stage = arguments[arguments.index("--to") + 1] if "--to" in arguments else "production"
            return BuildRequest(to=stage)

"""`mlctl hook run`: what git's hooks call. Before a push: are the data of its pointers on their remote?

Whatever is more than a question to git is loaded once there are pointers: most pushes have none.
"""

from importlib import import_module
from pathlib import Path

from mlctl.domain.errors import UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.requests.hook_run import HookRunRequest, HookRunResult
from mlctl.workspace.pushed import pushed_pointers


def hook_run(request: HookRunRequest, *, report: Report, command: str) -> Outcome[HookRunResult]:
    """Let the push go on, or refuse it.

    Raises:
        Incomplete: data that a pushed pointer names are not on their remote; `facts["lacking"]` lists them.
        NotFound: there are pointers, and no remote for their data.
        Unreachable, Denied: the remote could not be asked.
        UsageError: of the hook's name, of what git said, or of a configuration.
    """
    if request.hook != "pre-push":
        raise UsageError(f"there is no hook {request.hook!r}; there is: pre-push", "mlctl hook install")
    pointers = pushed_pointers(Path.cwd(), request.refs)
    if not pointers:
        return Outcome(data=HookRunResult(pointers=0))
    check = import_module("mlctl.transport.pushed_data").check_pushed
    data, warnings = check(pointers, report=report, command=command)
    return Outcome(data=data, warnings=warnings)

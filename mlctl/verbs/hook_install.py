"""`mlctl hook install`: git asks mlctl before each push from now on."""

from pathlib import Path

from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.requests.hook_install import HookInstallRequest, HookInstallResult
from mlctl.workspace.git_hooks import BEFORE, hooks_folder, install, is_installed


def hook_install(request: HookInstallRequest, *, report: Report, command: str) -> Outcome[HookInstallResult]:
    """Put the hook into git's folder for hooks; one that is there is kept and called first.

    Raises:
        NoRepository: there is no git repository here.
        AlreadyExists: another program has put its own hook in the place of mlctl's.
        PermissionRefused, DiskFull: nothing has changed.
    """
    del report, command
    folder, shared = hooks_folder(Path.cwd())
    hook = folder / "pre-push"
    if request.dry_run:
        changed = not is_installed(folder)
        before = hook.with_name(f"pre-push{BEFORE}") if changed and hook.exists() else None
    else:
        changed, before = install(folder)
    warning = f"{folder} serves other repositories too: their pushes are checked as well"
    return Outcome(
        data=HookInstallResult(
            hook=str(hook), before=None if before is None else str(before), changed=changed
        ),
        warnings=(warning,) if shared else (),
    )

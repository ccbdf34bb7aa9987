"""`mlctl hook uninstall`: git's hooks are what they were before mlctl's."""

from pathlib import Path

from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.requests.hook_uninstall import HookUninstallRequest, HookUninstallResult
from mlctl.workspace.git_hooks import BEFORE, hooks_folder, is_installed, uninstall


def hook_uninstall(
    request: HookUninstallRequest, *, report: Report, command: str
) -> Outcome[HookUninstallResult]:
    """Take the hook away; the one that was there before comes back.

    Raises:
        NoRepository: there is no git repository here.
        PermissionRefused: nothing has changed.
    """
    del report, command
    folder, _ = hooks_folder(Path.cwd())
    hook = folder / "pre-push"
    if request.dry_run:
        changed = is_installed(folder)
        restored = changed and hook.with_name(f"pre-push{BEFORE}").exists()
    else:
        changed, old = uninstall(folder)
        restored = old is not None
    return Outcome(data=HookUninstallResult(hook=str(hook), restored=restored, changed=changed))

"""`mlctl hook uninstall`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.hook_uninstall import HookUninstallRequest


def hook_uninstall(
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take mlctl's git hook away; the hook before it comes back.

    Examples:
      mlctl hook uninstall
    """
    carry_out("hook_uninstall", HookUninstallRequest(dry_run=dry_run), json=json, session=False)

"""A removed hook as text."""

from rich.console import Console

from mlctl.domain.requests.hook_uninstall import HookUninstallResult


def render(data: HookUninstallResult, out: Console) -> None:
    """What git runs now."""
    what = "removed" if data.changed else "unchanged: there is no hook of mlctl's"
    out.print(f"{data.hook}  {'what it was before' if data.restored else what}", soft_wrap=True)

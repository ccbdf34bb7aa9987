"""An installed hook as text."""

from rich.console import Console

from mlctl.domain.requests.hook_install import HookInstallResult


def render(data: HookInstallResult, out: Console) -> None:
    """The hook, and what it calls first."""
    out.print(f"{data.hook}  {'installed' if data.changed else 'unchanged'}", soft_wrap=True)
    if data.before is not None:
        out.print(f"{data.before}  is called first", soft_wrap=True)

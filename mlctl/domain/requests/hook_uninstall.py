"""`mlctl hook uninstall`."""

import msgspec


class HookUninstallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take mlctl's hooks away."""

    dry_run: bool = False


class HookUninstallResult(msgspec.Struct, frozen=True, kw_only=True):
    """What git runs now.

    Attributes:
        hook: path of the hook.
        restored: whether the hook that was there before mlctl's is there again.
    """

    hook: str
    restored: bool
    changed: bool

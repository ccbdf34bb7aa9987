"""`mlctl hook install`."""

import msgspec


class HookInstallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which hooks: the one before a push is all there is."""

    dry_run: bool = False


class HookInstallResult(msgspec.Struct, frozen=True, kw_only=True):
    """What git runs now.

    Attributes:
        hook: path of the hook.
        before: path of the hook that was there and is called first, or None.
    """

    hook: str
    before: str | None
    changed: bool

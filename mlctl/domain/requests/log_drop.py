"""`mlctl log drop`: give up a decision that waits for publication."""

import msgspec


class LogDropRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which one.

    Attributes:
        decision: as `log --pending` shows it: "p3".
    """

    decision: str
    dry_run: bool = False


class LogDropResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was given up.

    Attributes:
        dropped: it and what depends on it, in order.
    """

    dropped: tuple[str, ...]
    changed: bool = True
    dry_run: bool = False

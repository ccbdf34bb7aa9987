"""`mlctl redo`: bring back the effect of a decision that was undone."""

import msgspec

from mlctl.domain.decision import Change


class RedoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which decision to bring back.

    Attributes:
        number: of the decision; None for the one undone last.
        reason: for the record.
        dry_run: only say what would be done.
    """

    number: int | None = None
    reason: str | None = None
    dry_run: bool = False


class RedoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was (or would be) done.

    Attributes:
        redone: the decision brought back.
        kind: what it was.
        decision: number of the decision that did it; None for a dry run.
        changes: what the names meant before and mean now.
    """

    redone: int
    kind: str
    decision: int | None
    changes: tuple[Change, ...]
    changed: bool

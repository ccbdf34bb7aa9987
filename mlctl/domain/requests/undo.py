"""`mlctl undo`: take back the effect of a decision."""

import msgspec

from mlctl.domain.decision import Change


class UndoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which decision to take back.

    Attributes:
        number: of the decision; None for the one whose effect came last and stands.
        reason: for the record.
        dry_run: only say what would be done.
    """

    number: int | None = None
    reason: str | None = None
    dry_run: bool = False


class UndoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was (or would be) done.

    Attributes:
        undone: the decision taken back.
        kind: what it was.
        decision: number of the decision that did it; None for a dry run.
        changes: what the names meant before and mean now.
    """

    undone: int
    kind: str
    decision: int | None
    changes: tuple[Change, ...]
    changed: bool

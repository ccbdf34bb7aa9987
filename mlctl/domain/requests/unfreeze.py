"""What `unfreeze` is asked and what it answers."""

from mlctl.domain.records import Record


class UnfreezeRequest(Record, frozen=True, kw_only=True):
    """Let a stage move again.

    Attributes:
        stage: "demand@production", or "production" where one model has such a stage.
        reason: for the record.
    """

    stage: str
    reason: str | None = None
    dry_run: bool = False


class UnfreezeResult(Record, frozen=True, kw_only=True):
    """How the stage stands.

    Attributes:
        decision: its number; None where nothing was decided.
        changed: False where it was not frozen.
        published: False where the decision waits for publication.
    """

    model: str
    stage: str
    decision: int | None
    changed: bool
    published: bool = True
    dry_run: bool = False

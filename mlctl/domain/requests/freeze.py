"""What `freeze` is asked and what it answers."""

from mlctl.domain.records import Record


class FreezeRequest(Record, frozen=True, kw_only=True):
    """Keep a stage as it is.

    Attributes:
        stage: "demand@production", or "production" where one model has such a stage.
        reason: for the record; required.
        until: a date, a time or a duration from now; None: until it is taken back.
    """

    stage: str
    reason: str | None = None
    until: str | None = None
    dry_run: bool = False


class FreezeResult(Record, frozen=True, kw_only=True):
    """How the stage stands.

    Attributes:
        until: RFC 3339 UTC, or None.
        decision: its number; None where nothing was decided.
        published: False where the decision waits for publication.
    """

    model: str
    stage: str
    until: str | None
    decision: int | None
    changed: bool
    published: bool = True
    dry_run: bool = False

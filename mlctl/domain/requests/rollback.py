"""What `rollback` is asked and what it answers."""

from mlctl.domain.ids import Digest
from mlctl.domain.records import Record


class RollbackRequest(Record, frozen=True, kw_only=True):
    """Give a stage back what it held before.

    Attributes:
        stage: its name.
        model: of the spec; None where there is one.
        reason: for the record; required with `force`.
        force: although the stage is frozen.
    """

    stage: str = "production"
    model: str | None = None
    reason: str | None = None
    force: bool = False
    dry_run: bool = False


class RollbackResult(Record, frozen=True, kw_only=True):
    """Where the stage stands; `previous` is what it held until now.

    Attributes:
        refused: the stage is frozen, and `version` is what it would go back to.
    """

    model: str
    stage: str
    version: int
    previous: int | None
    decision: int | None
    changed: bool
    published: bool = True
    digest: Digest | None = None
    refused: bool = False
    dry_run: bool = False

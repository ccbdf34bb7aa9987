"""What `approve` is asked and what it answers."""

from mlctl.domain.gate import Reason
from mlctl.domain.ids import Digest
from mlctl.domain.records import Record


class ApproveRequest(Record, frozen=True, kw_only=True):
    """Approve a version for a stage.

    Attributes:
        model: "demand" (the newest version), "demand@7", or None where the project has one model.
        to: the stage.
        reason: for the record.
        sign: file of the SSH key that signs it, or None.
    """

    model: str | None = None
    to: str = "production"
    reason: str | None = None
    sign: str | None = None
    dry_run: bool = False


class ApproveResult(Record, frozen=True, kw_only=True):
    """What was approved.

    Attributes:
        digest: of the version's tested artefact; the approval is of this alone.
        email: of the approver, or None where git knows none.
        vouched: "signed by SHA256:...", or "unverified: ..." with the reason.
        decision: its number; None where nothing was decided.
        published: False where the decision waits for publication.
        reasons: why the approval was refused.
    """

    model: str
    version: int
    stage: str
    digest: Digest
    email: str | None
    vouched: str
    decision: int | None
    changed: bool
    published: bool = True
    reasons: tuple[Reason, ...] = ()
    dry_run: bool = False

"""What `retire` is asked and what it answers."""

from mlctl.domain.ids import Digest
from mlctl.domain.records import Record


class RetireRequest(Record, frozen=True, kw_only=True):
    """Keep a version from every stage from now on.

    Attributes:
        model: "demand@7".
        reason: for the record; required.
    """

    model: str
    reason: str | None = None
    dry_run: bool = False


class RetireResult(Record, frozen=True, kw_only=True):
    """How the version stands.

    Attributes:
        digest: of its tested artefact.
        decision: its number; None where nothing was decided.
        changed: False where it was retired already.
        published: False where the decision waits for publication.
    """

    model: str
    version: int
    digest: Digest
    decision: int | None
    changed: bool
    published: bool = True
    dry_run: bool = False

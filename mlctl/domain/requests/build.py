"""What `build` is asked, and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.plan import Step
from mlctl.domain.records import Record


class BuildRequest(Record, frozen=True, kw_only=True):
    """Bring data, models, evaluations and a stage up to date.

    Attributes:
        model: of the spec; all of them if None.
        to: the stage that the models are promoted to.
        dry_run: only say what would be done, as `plan` does.
    """

    model: str | None = None
    to: str = "production"
    dry_run: bool = False


class BuildResult(Record, frozen=True, kw_only=True):
    """What was done, step by step.

    Attributes:
        reasons: of a refused gate, as `promote` gives them.
    """

    steps: tuple[Step, ...]
    changed: bool
    reasons: tuple[dict[str, Any], ...] = msgspec.field(default_factory=tuple)

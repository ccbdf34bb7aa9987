"""What `plan` is asked, and what it answers."""

from mlctl.domain.plan import Step
from mlctl.domain.records import Record


class PlanRequest(Record, frozen=True, kw_only=True):
    """What is stale and why.

    Attributes:
        model: of the spec; all of them if None.
        to: the stage to bring up to date.
        check: answer with exit code 43 where something is stale.
    """

    model: str | None = None
    to: str = "production"
    check: bool = False


class PlanResult(Record, frozen=True, kw_only=True):
    """The steps in the order in which `build` takes them."""

    steps: tuple[Step, ...]
    fresh: bool

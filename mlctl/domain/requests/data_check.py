"""`mlctl data check`."""

import msgspec

from mlctl.domain.dataset import CheckResult


class DataCheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which dataset: `rides` (its file in the work tree), `rides@3`; all declared ones if None."""

    dataset: str | None = None


class DatasetChecks(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's checks.

    Attributes:
        version: the version checked; None where the file in the work tree has none.
    """

    name: str
    path: str | None
    version: int | None
    rows: int
    passed: bool
    checks: tuple[CheckResult, ...]


class DataCheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that was checked."""

    datasets: tuple[DatasetChecks, ...]
    passed: bool

"""`mlctl labels add`."""

import msgspec

from mlctl.domain.ids import Digest


class LabelsAddRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Truth that came later.

    Attributes:
        path: of a table with the target column and either `prediction_id` (or `mlctl.id`) or the key columns.
        model: None where the project has one.
    """

    path: str
    model: str | None = None
    dry_run: bool = False


class LabelsAddResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was added.

    Attributes:
        rows: labels in the batch, one a key.
        matched: of these, how many belong to a logged prediction now; the others wait for theirs.
        corrected: of these, how many change a label that counted before.
        duplicates: rows of the file that a later row of the same key replaced.
        missing: rows without a key or a target, which were left out.
        by: the columns that labels are matched by.
        batch: digest of the batch, or None in a dry run.
    """

    model: str
    target: str
    by: tuple[str, ...]
    rows: int
    matched: int
    corrected: int
    duplicates: int
    missing: int
    batch: Digest | None
    decision: int | None
    changed: bool

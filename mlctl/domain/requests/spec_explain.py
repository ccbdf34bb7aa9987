"""What `spec explain` is asked and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.records import Record


class SpecExplainRequest(Record, frozen=True, kw_only=True):
    """The spec with every default filled in.

    Attributes:
        key: only this part of it, dotted ("model.demand.monitor").
    """

    key: str | None = None


class SpecExplainResult(Record, frozen=True, kw_only=True):
    """The whole spec.

    Attributes:
        file: where it stands, relative to the project.
        spec: every key with its value; null where it is inferred or off.
        splits: by model, which rows are held out, in sentences; with the rows of each side where the key is
            that of one model or its split.
        given: dotted names of the keys that the file itself sets; all others are defaults.
    """

    file: str
    spec: dict[str, Any]
    given: tuple[str, ...]
    splits: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

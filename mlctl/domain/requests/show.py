"""`mlctl show`: one thing in full."""

from typing import Any

import msgspec


class ShowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A selector, an id, the number of a decision, or the beginning of a digest."""

    selector: str


class ShowResult(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in full.

    Attributes:
        kind: "model", "dataset", "run", "unfinished" (a run that has no fact yet), "decision", "prediction",
            or a kind of fact ("evaluations", ...).
        title: what people call it.
        digest: of the fact or of the decision's entry; None for a prediction that is not sealed in one.
        record: all that is kept of it.
        related: what it belongs with: versions, stages, runs, evaluations, decisions.
    """

    kind: str
    title: str
    digest: str | None
    record: dict[str, Any]
    related: dict[str, Any]

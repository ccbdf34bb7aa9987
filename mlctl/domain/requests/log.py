"""`mlctl log`: the decision log, newest first."""

from typing import Any

import msgspec

from mlctl.domain.decision import Actor, Change


class LogRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions.

    Attributes:
        limit: at most so many, the newest; None for all.
        name: only decisions that moved this name, a name under it, or a name of this model or dataset.
        pending: only those that wait for publication.
    """

    limit: int | None = None
    name: str | None = None
    pending: bool = False


class LogDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision.

    Attributes:
        time: when it was committed, RFC 3339 UTC.
        undoes: for an undo or a redo, the decision whose effect it took back or brought back.
        undone: its effect is taken back now.
        summary: a phrase a change, with version numbers in place of digests where they have one.
        published: False where it waits for publication; its number is then above 1,000,000,000, and is typed
            as "p3".
        waits: why it can't be published as it is, and does not count here; None where nothing is known.
        in_doubt: it may be on its way to the remote; the next push finds out.
        was: the version names that it had before publication gave it others: today's name to that one.
    """

    number: int
    time: str
    kind: str
    actor: Actor
    command: str
    changes: tuple[Change, ...]
    reason: str | None
    sha256: str
    parent: str | None
    undoes: int | None
    undone: bool
    evidence: dict[str, Any]
    summary: tuple[str, ...] = ()
    published: bool = True
    waits: str | None = None
    in_doubt: bool = False
    was: dict[str, str] = {}


class LogResult(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions, newest first."""

    decisions: tuple[LogDecision, ...]

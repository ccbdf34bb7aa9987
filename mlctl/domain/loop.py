"""When a model is renewed: pure decisions of the closed loop, on facts handed in.

Time here is event time: the loop may be run every minute or replay a year in an hour, and decides the same.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from mlctl.domain.duration import duration
from mlctl.domain.records import Record

LEVEL_STEP = 0.02
"""A recalibration that would move answers by less than this share is not worth a new version."""

LEVEL_DAYS = 5
"""Labelled days that a level needs."""

MIN_TEST_ROWS = 30
_DOUBLINGS = 6
_AGE = re.compile(r"\s*age\s*>\s*'([^']+)'\s*\Z")
_BUDGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s+per\s+(\S+)\s*\Z")


class Look(Record, frozen=True, kw_only=True):
    """What a stage held and how it did.

    Attributes:
        version: its number; digest: of what the stage held.
        window: start of the newest judged window, or None.
        performance: metric values in it, as seen by the labels.
        level: the recalibration in force; 1.0 for none.
    """

    version: int | None
    digest: str | None
    window: str | None = None
    performance: dict[str, float] = msgspec.field(default_factory=dict)
    level: float = 1.0


class Action(Record, frozen=True, kw_only=True):
    """One thing that the loop did or refrained from, with what came of it in words.

    Attributes:
        action: "freeze", "train", "eval", "promote", "recalibrate", "rollback" or "none".
        result: a sentence that begins with "done", "refused", "waiting" or "nothing".
        version: the version concerned, if any.
        decision: number of the decision it led to, if any.
    """

    action: Literal["freeze", "train", "eval", "promote", "recalibrate", "rollback", "none"]
    result: str
    version: int | None = None
    decision: int | None = None


class Attempt(Record, frozen=True, kw_only=True):
    """An earlier renewal, as its run or decision recorded it.

    Attributes:
        through: the newest labelled event time it could learn from, RFC 3339.
        promoted: whether it reached the stage.
    """

    through: str
    promoted: bool


def age_limit(when: Sequence[str]) -> timedelta | None:
    """The age after which a model is renewed without an alarm: of "age > '56d'"; None if there is none."""
    found = [duration(match[1]) for text in when if (match := _AGE.match(text))]
    return min(found) if found else None


def alarm_budget(text: str) -> tuple[float, timedelta]:
    """The events and the period of "1 per 90d".

    Raises:
        ValueError: the text is no budget.
    """
    match = _BUDGET.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a budget; write alarms and a time, such as '1 per 90d'")
    return float(match[1]), duration(match[2])


def patience(test: timedelta, attempts: Sequence[Attempt]) -> timedelta:
    """How much newer the newest label must be before another attempt makes sense.

    As long as the test rows last, so that each comparison is on rows the last one did not use; doubled for
    every attempt in a row that was refused, since the same evidence would be refused again.

    Args:
        test: how long the test rows last.
        attempts: oldest first.
    """
    refused = 0
    for attempt in reversed(attempts):
        if attempt.promoted:
            break
        refused += 1
    return test * (1 << min(refused, _DOUBLINGS))


def reasons(when: Sequence[str], alarms: Sequence[str], age: timedelta | None) -> tuple[str, ...]:
    """Why the model should be renewed now, in words; () if it should not.

    Args:
        when: `retrain.when` of the spec.
        alarms: kinds that stand in the newest judged window.
        age: event time between the last row learnt from and the newest label, or None if unknown.
    """
    found = [f"{kind} alarm" for kind in dict.fromkeys(alarms) if kind in when]
    limit = age_limit(when)
    if limit is not None and age is not None and age > limit:
        found.append(f"what it learnt is {age.days} days old, over {limit.days}")
    return tuple(found)


def level_moves(current: float, wanted: float) -> bool:
    """Whether a new level differs enough from the one in force to be worth a version."""
    return abs(wanted / current - 1.0) >= LEVEL_STEP

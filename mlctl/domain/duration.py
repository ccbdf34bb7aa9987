"""Durations as people write them: "7d", "12h", "30m", "2w", "45s"."""

import re
from datetime import timedelta

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d|w)\s*\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str) -> timedelta:
    """The length of time that a text such as "7d" means; seconds, minutes, hours, days or weeks.

    Raises:
        ValueError: the text is no duration.
    """
    match = _DURATION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number and s, m, h, d or w, such as '7d'")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def share(text: str) -> float | None:
    """The fraction that a percentage means ("20%" is 0.2); None where the text is no percentage."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)\s*%\s*\Z", text)
    return None if match is None else float(match[1]) / 100

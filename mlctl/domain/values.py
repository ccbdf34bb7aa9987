"""How a cell's value is read as text, number or time: the same from a request's JSON and from a table.

Missing is None or NaN everywhere.
"""

import math
from datetime import UTC, date, datetime
from typing import Any

_EPOCH = date(1970, 1, 1).toordinal()
CALENDAR = ("year", "month", "day", "weekday", "hour", "day_number")
"""Parts of a moment that a feature may use: weekday is 0 for Monday, day_number counts from 1970-01-01."""


def text_of(value: Any) -> str | None:  # noqa: PLR0911 - one line a type
    """The text of a value, as a category or key: "true", "7" for 7 and 7.0, ISO times; None for missing."""
    if type(value) is str:
        return value
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else repr(float(value))
    if isinstance(value, datetime):
        return moment_of(value).isoformat()  # type: ignore[union-attr] # only None and text give None
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def number_of(value: Any) -> float:
    """The number of a value: true is 1, text is read as one; NaN for missing or text that is no number."""
    if value is None:
        return math.nan
    try:
        return float(value)
    except (ValueError, TypeError):
        return math.nan
    except OverflowError:
        return math.copysign(math.inf, value)


def flag_of(value: Any) -> float:
    """1.0 or 0.0 for a truth value, "true"/"false" in any case included; otherwise as `number_of`."""
    if isinstance(value, str):
        folded = value.strip().lower()
        if folded in {"true", "false"}:
            return float(folded == "true")
    return number_of(value)


def moment_of(value: Any) -> datetime | None:
    """The moment of a date, time or ISO text, in UTC without zone; None for missing or for other values."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - UTC without zone, as everywhere inside
    return None


def calendar_of(value: Any, parts: tuple[str, ...]) -> list[float]:
    """The parts of a moment as numbers, in order; NaN for each where it is missing."""
    moment = moment_of(value)
    if moment is None:
        return [math.nan] * len(parts)
    found = {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "weekday": moment.weekday(),
        "hour": moment.hour,
        "day_number": moment.toordinal() - _EPOCH,
    }
    return [float(found[part]) for part in parts]

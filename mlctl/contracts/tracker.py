"""Trackers: told of decisions after they are committed."""

from collections.abc import Mapping
from typing import Any, Protocol


class Tracker(Protocol):
    """Passes events on to somewhere else.

    May be told of the same decision twice (after a crash between commit and notice); may fail: a tracker that
    raises becomes a warning and never changes the outcome of a command.
    """

    name: str

    def tell(self, event: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """One event: {"kind", "number", "sha256", "time", "changes", "reason"}, with the user's settings."""

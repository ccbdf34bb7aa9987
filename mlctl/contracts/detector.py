"""Detectors: one number for how far the values of a column have moved from a reference."""

from typing import Any, Protocol

import msgspec


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector says.

    Attributes:
        value: the statistic.
        p_value: under "both samples are independent draws from one distribution"; None where it has none.
    """

    value: float
    p_value: float | None


class Detector(Protocol):
    """A two-sample statistic.

    Guaranteed: pure; the order of values does not matter; equal samples give a p-value of 1 (or no alarm);
    missing values are left out by the caller.
    """

    name: str
    columns: str
    """"numeric" (float64 arrays) or "categorical" (arrays of str)."""

    def compare(self, reference: Any, current: Any) -> Detection:
        """Compare two one-dimensional arrays, each with at least one value."""

"""What every detector must hold; authors of plugins call `check_detector` in a test of their own.

Plain functions that raise AssertionError with a sentence; nothing here needs a test framework.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mlctl.contracts.detector import Detector

Draw = Callable[[np.random.Generator, int, float], Any]

_ALPHA = 0.05
_RUNS = 200
_TOLERATED = 0.09
"""Share of the runs that may reject at 5 %: four standard errors of 200 runs above it, rounded down."""


def check_detector(detector: Detector) -> None:
    """Every promise of `contracts.detector.Detector`, one after the other.

    Raises:
        AssertionError: the detector breaks one; the message says which and with what numbers.
    """
    draw = _draw_of(detector)
    check_it_is_pure(detector, draw)
    check_order_does_not_matter(detector, draw)
    check_equal_samples_do_not_alarm(detector, draw)
    check_single_values_are_accepted(detector, draw)
    check_a_move_is_found(detector, draw)
    check_false_alarms(detector, draw)


def check_it_is_pure(detector: Detector, draw: Draw) -> None:
    """The same samples give the same answer, and are not changed."""
    reference, current = _pair(draw, 300, 200, 0.3)
    kept = reference.copy(), current.copy()
    first, second = detector.compare(reference, current), detector.compare(reference, current)
    _hold(first == second, f"{detector.name}: asked twice, {first} and {second}")
    unchanged = np.array_equal(reference, kept[0]) and np.array_equal(current, kept[1])
    _hold(unchanged, f"{detector.name}: compare changed its arguments")


def check_order_does_not_matter(detector: Detector, draw: Draw) -> None:
    """Shuffled samples give the same answer, up to rounding."""
    reference, current = _pair(draw, 300, 200, 0.3)
    rng = np.random.default_rng(5)
    plain = detector.compare(reference, current)
    shuffled = detector.compare(rng.permutation(reference), rng.permutation(current))
    same = bool(np.isclose(plain.value, shuffled.value, rtol=1e-9))
    _hold(same, f"{detector.name}: {plain.value} in one order, {shuffled.value} in another")


def check_equal_samples_do_not_alarm(detector: Detector, draw: Draw) -> None:
    """A sample against itself has p-value 1, or no p-value."""
    reference, _ = _pair(draw, 300, 1, 0.0)
    found = detector.compare(reference, reference)
    calm = found.p_value is None or found.p_value > 1 - 1e-9
    _hold(calm, f"{detector.name}: a sample against itself has p-value {found.p_value}")


def check_single_values_are_accepted(detector: Detector, draw: Draw) -> None:
    """One value on each side is enough for an answer that is a number."""
    reference, current = _pair(draw, 1, 1, 0.0)
    found = detector.compare(reference, current)
    _hold(bool(np.isfinite(found.value)), f"{detector.name}: one value against one gives {found.value}")
    in_range = found.p_value is None or 0 <= found.p_value <= 1
    _hold(in_range, f"{detector.name}: one value against one has p-value {found.p_value}")


def check_a_move_is_found(detector: Detector, draw: Draw) -> None:
    """A plain move of a large sample has a p-value below 0.001, and a larger statistic than no move."""
    moved = detector.compare(*_pair(draw, 2_000, 1_000, 1.0))
    still = detector.compare(*_pair(draw, 2_000, 1_000, 0.0))
    _hold(moved.value > still.value, f"{detector.name}: {moved.value} for a move, {still.value} for none")
    found = moved.p_value is None or moved.p_value < 0.001  # noqa: PLR2004 - said in the docstring
    _hold(found, f"{detector.name}: a plain move has p-value {moved.p_value}")


def check_false_alarms(detector: Detector, draw: Draw) -> None:
    """Independent samples of one distribution are rejected at 5 % about as often as that."""
    rng = np.random.default_rng(23)
    rejected = 0
    for _ in range(_RUNS):
        found = detector.compare(draw(rng, 800, 0.0), draw(rng, 150, 0.0))
        rejected += found.p_value is not None and found.p_value <= _ALPHA
    share = rejected / _RUNS
    _hold(share <= _TOLERATED, f"{detector.name}: rejects {share:.3f} of equal samples at {_ALPHA}")


def _pair(draw: Draw, reference: int, current: int, move: float) -> tuple[Any, Any]:
    rng = np.random.default_rng(11)
    return draw(rng, reference, 0.0), draw(rng, current, move)


def _draw_of(detector: Detector) -> Draw:
    if detector.columns == "numeric":
        return _numbers
    if detector.columns == "categorical":
        return _categories
    raise AssertionError(f"{detector.name}: columns is {detector.columns!r}, not 'numeric' or 'categorical'")


def _numbers(rng: np.random.Generator, rows: int, move: float) -> Any:
    return rng.normal(move, 1.0, rows)


def _categories(rng: np.random.Generator, rows: int, move: float) -> Any:
    shares = np.array([0.4, 0.3, 0.2, 0.1]) + move * np.array([-0.15, -0.05, 0.05, 0.15])
    return rng.choice(np.array(["a", "b", "c", "d"]), rows, p=shares)


def _hold(condition: bool, otherwise: str) -> None:
    if not condition:
        raise AssertionError(otherwise)

"""How many more rows would tell: what the root of n gives, and it holds when it is tried."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.evaluation import Difference, more_rows

POWER = (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)) / NormalDist().inv_cdf(0.975)


def found(difference, low, high):
    return Difference(difference=difference, low=low, high=high)


@pytest.mark.parametrize(
    ("difference", "rows", "more"),
    [
        (
            found(-0.1, -0.3, 0.1),
            100,
            720,
        ),  # half the interval is twice the difference: (1.43 x 2)^2 times the rows
        (found(0.1, -0.1, 0.3), 100, 720),
        (found(0.1, -0.2, 0.3), 1_000, 18_000),
        (found(-0.1, -0.3, -0.01), 100, None),  # told already
        (found(0.0, -0.3, 0.3), 100, None),
        (found(0.001, -0.5, 0.5), 100, None),  # as good as equal
        (found(0.1, None, None), 100, None),
        (found(None, None, None), 100, None),
    ],
)
def test_the_root_of_n(difference, rows, more):
    assert more_rows(difference, rows) == more


@given(st.floats(1e-3, 1e3), st.floats(1.0, 22.0), st.integers(1, 10**6), st.booleans())
def test_with_so_many_more_the_difference_is_a_power_of_four_fifths_away_from_0(gap, times, rows, better):
    half = gap * times
    sign = -1 if better else 1
    more = more_rows(found(sign * gap, sign * gap - half, sign * gap + half), rows)
    assert more is not None
    shrunk = half * math.sqrt(rows / (rows + more))
    assert shrunk * POWER <= gap * (1 + 1e-6)
    assert more <= max(1.11 * rows * ((POWER * times) ** 2 - 1) + 1, 1)


def test_it_holds_when_it_is_tried():
    random = np.random.default_rng(7)
    told = tried = 0
    for _ in range(300):
        first = random.normal(0.1, 1.0, size=200)
        gap, half = first.mean(), 1.96 * first.std(ddof=1) / math.sqrt(200)
        more = more_rows(found(gap, gap - half, gap + half), 200)
        if more is None or gap < 0.05 or more > 50_000:
            continue
        whole = np.concatenate([first, random.normal(gap, 1.0, size=more)])
        tried += 1
        told += abs(whole.mean()) > 1.96 * whole.std(ddof=1) / math.sqrt(len(whole))
    assert tried > 50
    assert 0.7 < told / tried < 0.95  # if the difference is what it seems, the chance is about four fifths

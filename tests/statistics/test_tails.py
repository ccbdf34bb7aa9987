"""Tail probabilities, beside scipy's."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from mlctl.statistics.tails import (
    binomial_tail,
    chi_square_tail,
    kolmogorov_tail,
    student_quantile,
    student_tail,
)


@given(st.floats(0.01, 12.0))
def test_kolmogorov_is_scipys(value: float):
    assert kolmogorov_tail(value) == pytest.approx(special.kolmogorov(value), rel=1e-12, abs=1e-15)


def test_kolmogorov_of_nothing_is_certain():
    assert kolmogorov_tail(0.0) == 1.0
    assert kolmogorov_tail(1e-9) == 1.0


@given(st.integers(1, 2000), st.floats(0.0, 6.0))
def test_chi_square_is_scipys(freedom: int, times: float):
    value = freedom * times
    assert chi_square_tail(value, freedom) == pytest.approx(
        special.chdtrc(freedom, value), rel=1e-10, abs=1e-15
    )


def test_chi_square_far_out_is_nothing_and_no_error():
    assert chi_square_tail(1e6, 3) == 0.0
    assert chi_square_tail(1e6, 4) == 0.0
    assert chi_square_tail(0.0, 5) == 1.0


@given(st.integers(1, 1_000_000), st.floats(1e-6, 1.0), st.floats(-6.0, 6.0))
def test_the_binomial_is_scipys(trials: int, share: float, deviations: float):
    spread = float(np.sqrt(trials * share * (1 - share)))
    successes = min(max(round(trials * share + deviations * spread), 1), trials)
    expected = special.bdtrc(successes - 1, trials, share)
    assert binomial_tail(successes, trials, share) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_the_binomial_counts_at_least_that_many():
    assert binomial_tail(3, 10, 0.2) == pytest.approx(special.bdtrc(2, 10, 0.2), rel=1e-12)
    assert binomial_tail(0, 10, 0.2) == 1.0
    assert binomial_tail(1, 10, 0.0) == 0.0
    assert binomial_tail(10, 10, 1.0) == 1.0
    assert binomial_tail(11, 10, 0.5) == 0.0


@given(st.floats(1e-6, 1 - 1e-6), st.one_of(st.integers(1, 5000), st.floats(0.5, 300.0)))
def test_students_quantile_is_scipys(level: float, freedom: float):
    assert student_quantile(level, freedom) == pytest.approx(
        special.stdtrit(freedom, level), rel=1e-8, abs=1e-10
    )


@given(st.floats(1e-14, 0.4999), st.floats(0.5, 5000.0))
def test_students_tail_beyond_its_quantile_is_the_level(level: float, freedom: float):
    assert student_tail(-student_quantile(level, freedom), freedom) == pytest.approx(level, rel=1e-10)


def test_the_weekly_look_does_not_import_scipy():
    code = "import sys, mlctl.verbs.loop, mlctl.verbs.monitor; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

import numpy as np
import pytest

from mlctl.statistics.intervals import expanded, interval, quantiles


def test_levels_move_outwards_for_few_units_and_hardly_for_many():
    low, high = expanded((0.025, 0.975), 10)
    assert low < 0.02
    assert high > 0.98
    assert expanded((0.025, 0.975), 100_000) == pytest.approx((0.025, 0.975), abs=1e-4)
    assert expanded((0.5,), 3) == pytest.approx(0.5)


def test_the_interval_of_a_mean_covers_it_at_its_rate_with_ten_units():
    random = np.random.default_rng(0)
    covered = plain = 0
    for _ in range(600):
        sample = random.normal(size=10)
        means = sample[random.integers(0, 10, (400, 10))].mean(axis=1)
        low, high = interval(means, 10)
        covered += low <= 0 <= high
        plain += np.quantile(means, 0.025) <= 0 <= np.quantile(means, 0.975)
    assert 0.925 <= covered / 600 <= 0.975
    assert plain < covered


def test_undefined_samples_are_left_out_until_they_are_half():
    samples = np.r_[np.arange(100.0), np.full(99, np.nan)]
    assert quantiles(samples, 50, (0.5,)) == (pytest.approx(49.5),)
    assert quantiles(np.r_[samples, np.full(2, np.nan)], 50, (0.5,)) == ()
    assert interval(np.full(10, np.nan), 50) == (None, None)


def test_one_unit_has_no_interval():
    assert interval(np.arange(10.0), 1) == (None, None)

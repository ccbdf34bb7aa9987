from datetime import timedelta

import numpy as np
import pytest

from mlctl.statistics.calibration import Budget, at_least, calibrate, weekly_blocks

WEEK = timedelta(days=7)
BUDGET = Budget(events=1.0, period=timedelta(days=90))
START = np.datetime64("2011-01-03", "ms")  # a Monday


def hours(weeks):
    return START + np.arange(weeks * 168) * np.timedelta64(3_600_000, "ms")


def stream(random, weeks):
    """Residuals whose weeks and days differ in level, as real ones do; shape (rows, 2)."""
    level = np.repeat(random.normal(0, 10, weeks), 168) + np.repeat(random.normal(0, 10, weeks * 7), 24)
    error = level + random.normal(0, 20, weeks * 168)
    return np.column_stack([error, np.abs(error)])


def events(values, limits, weeks):
    means = values.reshape(weeks, 168, 2).mean(axis=1)
    over = (np.abs(means) > limits).any(axis=1)
    return over[0] + np.count_nonzero(over[1:] & ~over[:-1])


@pytest.mark.parametrize("weeks", [26, 52])
def test_the_rate_of_false_alarms_is_the_promised_one_on_streams_with_weekly_levels(weeks):
    random = np.random.default_rng(17)
    found = []
    for reference in range(60):
        values = stream(random, weeks)
        thresholds = calibrate(
            weekly_blocks(hours(weeks), values, WEEK),
            window=WEEK,
            two_sided=(True, False),
            budget=BUDGET,
            seed=reference,
        )
        fresh = stream(random, 104)
        found.append(events(fresh, thresholds.limits, 104) / (104 * 7 / 90))
    assert 0.5 <= np.mean(found) <= 2.0


def test_thresholds_from_independent_rows_would_alarm_too_often():
    random = np.random.default_rng(5)
    values = stream(random, 52)
    honest = calibrate(
        weekly_blocks(hours(52), values, WEEK), window=WEEK, two_sided=(True, False), budget=BUDGET
    )
    shuffled = random.permutation(values)
    naive = calibrate(
        weekly_blocks(hours(52), shuffled, WEEK), window=WEEK, two_sided=(True, False), budget=BUDGET
    )
    assert naive.limits[0] < honest.limits[0] / 2


def test_fewer_than_eight_whole_weeks_cannot_be_calibrated():
    random = np.random.default_rng(1)
    assert (
        calibrate(
            weekly_blocks(hours(7), stream(random, 7), WEEK),
            window=WEEK,
            two_sided=(True, False),
            budget=BUDGET,
        )
        is None
    )
    assert (
        calibrate(
            weekly_blocks(hours(8), stream(random, 8), WEEK),
            window=WEEK,
            two_sided=(True, False),
            budget=BUDGET,
        )
        is not None
    )


def test_the_simulated_rate_meets_the_budget_and_a_larger_budget_lowers_the_limits():
    values = stream(np.random.default_rng(2), 52)
    blocks = weekly_blocks(hours(52), values, WEEK)
    one = calibrate(blocks, window=WEEK, two_sided=(True, False), budget=BUDGET)
    three = calibrate(
        blocks, window=WEEK, two_sided=(True, False), budget=Budget(events=3.0, period=timedelta(days=90))
    )
    assert 0.5 <= one.rate <= 1.0
    assert three.limits[0] < one.limits[0]
    assert three.limits[1] < one.limits[1]


def test_the_same_seed_gives_the_same_limits():
    blocks = weekly_blocks(hours(20), stream(np.random.default_rng(2), 20), WEEK)
    twice = [calibrate(blocks, window=WEEK, two_sided=(True, False), budget=BUDGET, seed=4) for _ in range(2)]
    assert twice[0] == twice[1]


@pytest.mark.parametrize(
    "window", [timedelta(hours=12), timedelta(days=1), timedelta(days=14), timedelta(days=30)]
)
def test_windows_of_other_lengths_are_calibrated_too(window):
    values = stream(np.random.default_rng(8), 52)
    found = calibrate(
        weekly_blocks(hours(52), values, window), window=window, two_sided=(True, False), budget=BUDGET
    )
    assert found.rate <= BUDGET.events
    week = calibrate(
        weekly_blocks(hours(52), values, WEEK), window=WEEK, two_sided=(True, False), budget=BUDGET
    )
    assert (found.limits[0] > week.limits[0]) == (window < WEEK)


def test_weeks_begin_on_monday_and_sparse_weeks_are_left_out():
    time = hours(10)
    values = stream(np.random.default_rng(2), 10)
    kept = np.ones(len(time), dtype=bool)
    kept[168 : 168 + 4 * 24] = False  # four days of the second week are gone
    blocks = weekly_blocks(time[kept], values[kept], WEEK)
    assert blocks.counts.shape == (9, 7)
    assert blocks.counts[0].sum() == 168
    assert blocks.sums[0, :, 0].sum() == pytest.approx(values[:168, 0].sum())


def test_a_rank_among_the_reference_is_a_p_value():
    reference = np.arange(19.0)
    assert at_least(reference, 100.0) == pytest.approx(0.05)
    assert at_least(reference, -1.0) == 1.0

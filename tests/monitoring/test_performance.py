from datetime import timedelta

import numpy as np
import pytest

from mlctl.domain.spec import LimitSpec
from mlctl.monitoring.performance import (
    class_values,
    limit_alarms,
    regression_values,
    residual_alarms,
    residual_thresholds,
)
from mlctl.statistics.calibration import Budget

WEEK = timedelta(days=7)
BUDGET = Budget(events=1.0, period=timedelta(days=90))


def reference(weeks, seed=0):
    random = np.random.default_rng(seed)
    time = np.datetime64("2011-01-03", "ms") + np.arange(weeks * 168) * np.timedelta64(3_600_000, "ms")
    error = np.repeat(random.normal(0, 10, weeks), 168) + random.normal(0, 20, weeks * 168)
    return time, regression_values(np.zeros(len(error)), error)


def test_the_bias_is_negative_where_answers_are_too_low():
    rows = regression_values(np.array([10.0, 20.0]), np.array([4.0, 18.0]))
    assert dict(zip(rows.names, rows.values.mean(axis=0), strict=True)) == {"bias": -4.0, "mae": 4.0}


def test_a_model_that_is_suddenly_too_low_alarms_and_one_as_before_does_not():
    time, rows = reference(52)
    thresholds = residual_thresholds(time, rows, window=WEEK, budget=BUDGET)
    assert thresholds.weeks == 52
    calm = regression_values(np.zeros(168), np.random.default_rng(3).normal(2, 20, 168))
    low = regression_values(np.zeros(168), np.random.default_rng(3).normal(-60, 20, 168))
    assert residual_alarms(calm, thresholds) == ()
    found = residual_alarms(low, thresholds)
    assert [alarm.column for alarm in found] == ["bias", "mae"]
    assert found[0].value == pytest.approx(-60, abs=5)
    assert found[0].value < 0 < found[0].threshold


@pytest.mark.parametrize("time", [None, "short"])
def test_where_it_cannot_be_calibrated_it_says_so_and_does_not_alarm(time):
    moments, rows = reference(5)
    thresholds = residual_thresholds(None if time is None else moments, rows, window=WEEK, budget=BUDGET)
    assert thresholds.limits == {}
    assert thresholds.why.startswith("cannot calibrate")
    wild = regression_values(np.zeros(168), np.full(168, 1e6))
    assert residual_alarms(wild, thresholds) == ()


def test_without_a_reference_nothing_is_calibrated():
    assert residual_thresholds(None, None, window=WEEK, budget=BUDGET).why.startswith("cannot calibrate")


def test_limits_of_the_spec_are_judged_in_both_directions_and_only_where_there_is_a_value():
    limits = {"mae": LimitSpec(max=60), "r2": LimitSpec(min=0.5), "mape": LimitSpec(max=1)}
    found = limit_alarms({"mae": 61.0, "r2": 0.4, "mape": None}, limits)
    assert [(alarm.column, alarm.threshold) for alarm in found] == [("mae", 60), ("r2", 0.5)]
    assert limit_alarms({"mae": 60.0, "r2": 0.5}, limits) == ()


def test_classes_have_errors_and_log_losses_and_an_unknown_class_is_as_wrong_as_can_be():
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    rows = class_values(np.array([0, 0, -1]), np.array([0, 1, 1]), chances)
    assert rows.names == ("error", "log_loss")
    np.testing.assert_allclose(rows.values[:, 0], [0, 1, 1])
    np.testing.assert_allclose(rows.values[:2, 1], [-np.log(0.9), -np.log(0.2)])
    assert np.isfinite(rows.values).all()
    assert class_values(np.array([0]), np.array([1]), None).names == ("error",)

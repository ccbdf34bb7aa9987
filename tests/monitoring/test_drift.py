import numpy as np
import pytest

from mlctl.builtin.detectors.chi2 import ChiSquare
from mlctl.builtin.detectors.ks import KolmogorovSmirnov
from mlctl.monitoring.drift import Values, compare, drift_alarms, null_of

DETECTORS = {"numeric": KolmogorovSmirnov(), "categorical": ChiSquare()}
ALPHA = 7 / 90


def numeric(values):
    return Values(kind="numeric", values=values, missing=np.isnan(values))


def seasonal(random, weeks):
    """A year-long wave with weather that lasts for days: no week is like the year."""
    hours = np.arange(weeks * 168)
    weather = np.repeat(random.normal(0, 0.6, weeks), 168)
    return np.sin(2 * np.pi * hours / (52 * 168)) + weather + random.normal(0, 0.2, len(hours))


def judged(reference, current, null):
    return compare(
        reference,
        current,
        np.arange(168),
        detectors=DETECTORS,
        null=null,
        alpha=ALPHA,
        season="known",
    )


def test_ordinary_weeks_of_seasonal_data_have_not_drifted_although_independent_rows_would_say_so():
    random = np.random.default_rng(0)
    weeks = np.repeat(np.arange(52), 168)
    reference = {"temp": numeric(seasonal(random, 52))}
    null = null_of(reference, weeks, DETECTORS)
    assert len(null["temp"]) == 52
    fresh = seasonal(random, 52)
    blind, own = 0, 0
    for week in range(52):
        current = {"temp": numeric(fresh[week * 168 : week * 168 + 168])}
        own += judged(reference, current, null)[0].drifted
        blind += judged(reference, current, {})[0].drifted
    assert blind >= 45
    assert own <= 8  # 52 * 7 / 90 = 4 expected


def test_a_move_beyond_all_weeks_of_the_reference_is_drift():
    random = np.random.default_rng(0)
    reference = {"temp": numeric(seasonal(random, 52))}
    null = null_of(reference, np.repeat(np.arange(52), 168), DETECTORS)
    found = judged(reference, {"temp": numeric(seasonal(random, 1) + 6)}, null)
    assert found[0].drifted
    assert found[0].method == "ks"
    (alarm,) = drift_alarms(found, ALPHA)
    assert (alarm.type, alarm.column) == ("drift", "temp")


def test_with_few_windows_only_the_test_for_independent_rows_is_left():
    reference = {"x": numeric(np.random.default_rng(0).normal(size=500))}
    assert null_of(reference, np.repeat(np.arange(5), 100), DETECTORS) == {}
    assert null_of(reference, None, DETECTORS) == {}


def test_independent_rows_over_many_columns_drift_no_more_often_than_the_budget():
    random = np.random.default_rng(9)
    alarms = 0
    for _ in range(150):
        reference = {f"x{place}": numeric(random.normal(size=2200)) for place in range(10)}
        current = {name: numeric(random.normal(size=168)) for name in reference}
        alarms += any(drift.drifted for drift in judged(reference, current, {}))
    assert alarms / 150 <= ALPHA * 2


def test_categories_are_compared_by_their_counts_and_missing_values_are_left_out():
    random = np.random.default_rng(2)
    before = random.choice(np.array(["1", "2", "3"]), 2000)
    now = np.array(["1"] * 150 + [""] * 18)
    reference = {"kind": Values(kind="categorical", values=before, missing=np.zeros(2000, dtype=bool))}
    current = {"kind": Values(kind="categorical", values=now, missing=now == "")}
    (found,) = judged(reference, current, {})
    assert (found.method, found.drifted) == ("chi2", True)
    expected = ChiSquare().compare(before, now[:150])
    assert found.value == pytest.approx(expected.value)


def test_a_column_with_too_few_values_or_none_served_is_not_compared():
    reference = {"x": numeric(np.arange(100.0)), "y": numeric(np.arange(100.0))}
    current = {"x": numeric(np.r_[np.arange(5.0), np.full(163, np.nan)])}
    assert judged(reference, current, {}) == ()

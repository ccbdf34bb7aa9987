import numpy as np
import pytest

from mlctl.domain.model import Input
from mlctl.monitoring.drift import Values
from mlctl.monitoring.quality import (
    Usual,
    check_alarm,
    column_alarms,
    constant_windows,
    doubled_alarm,
    volume_alarm,
)

USUAL = Usual(missing={"hum": 0.0}, constant=frozenset(), rows=5000, whole_year=True)
HUM = Input(name="hum", type="number", role="feature", minimum=0.0, maximum=1.0)


def numeric(*values):
    array = np.array(values, dtype=float)
    return Values(kind="numeric", values=array, missing=np.isnan(array))


def methods(entry, column, usual=USUAL, served="number"):
    rows = np.arange(len(column.values))
    return [alarm.method for alarm in column_alarms(entry, column, rows, usual, served)]


def ordinary(rows=200):
    return np.random.default_rng(1).uniform(0.1, 0.9, rows)


def test_ordinary_rows_raise_nothing():
    assert methods(HUM, numeric(*ordinary())) == []


def test_a_sensor_that_is_stuck_for_the_whole_window_is_a_fault():
    assert methods(HUM, numeric(*[0.0] * 100)) == ["constant"]
    assert methods(HUM, numeric(*[0.5] * 100)) == ["constant"]


def test_a_column_that_is_constant_in_windows_of_the_reference_may_be_constant():
    usual = Usual(missing={}, constant=frozenset({"hum"}), rows=5000, whole_year=True)
    assert methods(HUM, numeric(*[0.5] * 100), usual) == []


@pytest.mark.parametrize(("absent", "expected"), [(2, []), (10, []), (60, ["missing"])])
def test_missing_cells_alarm_beyond_the_reference_and_a_margin(absent, expected):
    values = ordinary()
    values[:absent] = np.nan
    assert methods(HUM, numeric(*values)) == expected


def test_values_that_cannot_be_are_far_from_the_range():
    values = ordinary()
    values[:5] = 99.0
    assert methods(HUM, numeric(*values)) == ["far_range"]


def test_the_range_says_nothing_where_the_reference_lacks_seasons():
    usual = Usual(missing={}, constant=frozenset(), rows=5000, whole_year=False)
    assert methods(HUM, numeric(*(ordinary() + 50)), usual) == []
    assert methods(HUM, numeric(*(ordinary() + 50))) == ["far_range"]


def test_a_few_values_beyond_the_range_are_a_new_record_not_a_fault():
    values = ordinary()
    values[:10] = 1.2
    assert methods(HUM, numeric(*values)) == []


def test_values_that_training_never_saw_are_named():
    entry = Input(name="city", type="string", role="feature", categories=("a", "b"))
    values = np.array(["a"] * 90 + ["x"] * 10)
    column = Values(kind="categorical", values=values, missing=np.zeros(100, dtype=bool))
    (alarm,) = column_alarms(entry, column, np.arange(100), USUAL, "string")
    assert (alarm.method, alarm.value) == ("unseen", pytest.approx(0.1))
    assert "'x'" in alarm.why


def test_another_type_than_was_learnt_is_a_fault_but_integers_for_numbers_are_not():
    assert methods(HUM, numeric(*ordinary()), served="string") == ["type"]
    assert methods(HUM, numeric(*ordinary()), served="integer") == []


def test_repeated_keys_alarm_beyond_a_few():
    assert doubled_alarm(np.arange(100), ["instant"]) is None
    assert doubled_alarm(np.r_[np.arange(97), 1, 2, 3], ["instant"]) is None
    assert doubled_alarm(np.r_[np.arange(80), np.arange(20)], ["instant"]).value == pytest.approx(0.2)


def test_volume_alarms_only_against_enough_earlier_windows():
    assert volume_alarm(10, [168, 168, 168]) is None
    assert volume_alarm(100, [168] * 6) is None
    assert volume_alarm(80, [168] * 6).threshold == 84
    assert volume_alarm(0, [168] * 6).value == 0
    assert volume_alarm(400, [168] * 6).threshold == 336


def test_a_declared_check_alarms_from_the_first_row_that_breaks_it():
    assert check_alarm("between(hum, 0.01, 1)", "hum", 0, 168) is None
    alarm = check_alarm("between(hum, 0.01, 1)", "hum", 22, 168)
    assert "22 of 168 rows" in alarm.why


def test_constant_windows_are_found_in_the_reference():
    windows = np.repeat(np.arange(10), 20)
    season = numeric(*np.repeat(np.arange(10) // 4, 20).astype(float))
    assert constant_windows(season, windows)
    assert not constant_windows(numeric(*ordinary()), windows)

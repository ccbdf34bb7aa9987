import pytest

from mlctl.domain.errors import AlarmRaised, NotFound, UsageError
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.requests.monitor import MonitorRequest
from mlctl.verbs.monitor import monitor
from tests.verbs.bikes import Company, as_json, days_of, hours

FAST = {"params": "params = { max_iter = 60 }"}


@pytest.fixture(scope="module")
def year():
    return days_of(row for row in hours() if row["dteday"] >= "2012-01-01")


@pytest.fixture(scope="module")
def company(tmp_path_factory, year):
    """A model of 2011 that has lived through five weeks of 2012."""
    made = Company(tmp_path_factory.mktemp("monitor") / "bikes", **FAST)
    made.start()
    for week in range(5):
        made.week(year[7 * week : 7 * week + 7])
    return made


def test_nothing_in_the_stage_is_not_found(tmp_path):
    made = Company(tmp_path / "bikes", **FAST)
    with pytest.raises(NotFound, match="holds nothing"):
        made.look()


def test_a_model_that_nobody_asked_has_no_windows_and_no_alarm(tmp_path):
    made = Company(tmp_path / "bikes", **FAST)
    made.start()
    found = made.look()
    assert (found.windows, found.alarm) == ((), False)
    assert "no predictions are logged yet" in found.why


def test_the_growth_of_the_city_alarms_from_the_first_whole_week_of_2012(company):
    found = company.look()
    assert found.alarm
    first = next(window for window in found.windows if window.alarms)
    assert first.start == "2012-01-02T00:00:00Z"
    bias = next(alarm for alarm in first.alarms if alarm.column == "bias")
    assert bias.value < -bias.threshold < 0
    newest = next(window for window in reversed(found.windows) if window.alarms)
    assert {alarm.since for alarm in newest.alarms if alarm.column == "bias"} == {first.start}


def test_the_thresholds_come_from_whole_weeks_of_the_reference(company):
    found = company.look()
    assert found.calibration["weeks"] >= 50
    assert 0.5 <= found.calibration["rate"] <= 1.0
    assert found.season == "known"


def test_performance_has_an_interval_and_only_labelled_rows_count(company):
    windows = {window.start[:10]: window for window in company.look().windows}
    whole = windows["2012-01-02"]
    assert (whole.rows, whole.labelled) == (167, 167)
    mae = whole.performance["mae"]
    assert mae.low < mae.value < mae.high
    open_one = windows["2012-01-30"]
    assert open_one.labelled < open_one.rows
    assert "still open" in open_one.note
    assert open_one.alarms == ()


def test_an_alarm_is_the_answer_no_with_the_full_result_and_the_next_command(company):
    with pytest.raises(AlarmRaised) as raised:
        monitor(company.session(), MonitorRequest(model="demand@production"))
    assert raised.value.exit_code == 41
    assert raised.value.hints == ("mlctl loop --once",)
    document = as_json(raised.value.data)
    assert document["alarm"] is True
    alarm = next(window for window in document["windows"] if window["alarms"])["alarms"][0]
    assert {"kind", "column", "method", "value", "threshold", "p_value"} <= set(alarm)


def test_the_same_look_is_stored_once_and_check_stores_nothing(company):
    company.look()
    facts = company.session().repository.facts
    before = len(facts.all(MonitorReport))
    again = company.look()
    assert not again.changed
    assert again.report is not None
    checked = company.look(check=True, window="1d")
    assert checked.report is None
    assert len(company.session().repository.facts.all(MonitorReport)) == before


def test_windows_of_a_day_and_a_first_day_can_be_asked_for(company):
    found = company.look(window="1d", since="2012-01-10", check=True)
    assert found.windows[0].start == "2012-01-10T00:00:00Z"
    assert len(found.windows) == 26
    assert "too few rows" in found.windows[0].note  # 24 hours, 50 are asked for


def test_a_window_or_a_date_that_cannot_be_read_is_a_usage_error(company):
    with pytest.raises(UsageError, match="fortnight"):
        monitor(company.session(), MonitorRequest(window="fortnight"))
    with pytest.raises(UsageError, match="--since"):
        monitor(company.session(), MonitorRequest(since="last tuesday"))


def test_a_sensor_fault_in_served_rows_is_found_by_the_declared_check(tmp_path, year):
    made = Company(tmp_path / "bikes", **FAST)
    made.start()
    for day in year[:15]:
        broken = day[0]["dteday"] == "2012-01-05"
        made.serve([{**row, "hum": 0.0} if broken else row for row in day])
    found = made.look(since="2012-01-02")
    window = found.windows[0]
    assert [(alarm.type, alarm.method, alarm.column) for alarm in window.alarms] == [
        ("quality", "check", "hum")
    ]
    assert "between(hum, 0.01, 1)" in window.alarms[0].why
    assert "too few labels" in window.note
    assert found.alarm
    made.serve(year[15])
    assert not made.look().alarm  # the week after is complete now, and sound


def test_a_labels_correction_changes_what_was_seen(tmp_path, year):
    made = Company(tmp_path / "bikes", **FAST)
    made.start()
    for week in range(2):
        made.week(year[7 * week : 7 * week + 7])
    before = made.look()
    rows = [row for day in year[1:8] for row in day]
    made.label([{**row, "cnt": round(made.answers[row["instant"]])} for row in rows])
    after = made.look()
    assert before.alarm
    assert not after.alarm
    corrected = next(window for window in after.windows if window.start.startswith("2012-01-02"))
    assert corrected.performance["mae"].value < 0.5


def test_without_a_reference_of_eight_weeks_only_the_limits_of_the_spec_judge(tmp_path, year):
    where = "train_where = \"dteday >= '2011-11-15' and dteday < '2012-01-01'\""
    limit = "performance = { mae = { max = 30 } }"
    made = Company(tmp_path / "bikes", **FAST, train_where=where, performance=limit, r2="r2 = { min = -9.0 }")
    made.start()
    for week in range(2):
        made.week(year[7 * week : 7 * week + 7])
    found = made.look()
    assert found.calibration["limits"] == {}
    assert any(why.startswith("cannot calibrate") for why in found.why)
    assert {
        alarm.method for window in found.windows for alarm in window.alarms if alarm.type == "performance"
    } <= {"limit"}

from mlctl.domain.monitoring import Alarm, WindowReport
from mlctl.monitoring.alarm import standing, with_since


def alarm(kind="performance", column="mae"):
    return Alarm(type=kind, column=column, method="residuals", value=1.0, threshold=0.5)


def window(start, *alarms, note=""):
    return WindowReport(start=start, end=start, rows=168, labelled=168, alarms=alarms, note=note)


def test_an_alarm_says_since_when_its_unbroken_run_lasts():
    found = with_since(
        [window("1"), window("2", alarm()), window("3", alarm()), window("4"), window("5", alarm())]
    )
    assert [[one.since for one in report.alarms] for report in found] == [[], ["2"], ["2"], [], ["5"]]


def test_different_alarms_have_runs_of_their_own():
    found = with_since([window("1", alarm()), window("2", alarm(), alarm(column="bias"))])
    assert [one.since for one in found[1].alarms] == ["1", "2"]


def test_a_window_that_could_not_be_judged_does_not_break_a_run():
    found = with_since([window("1", alarm()), window("2", note="no rows"), window("3", alarm())])
    assert found[2].alarms[0].since == "1"


def test_performance_stands_by_the_newest_window_with_labels_and_the_rest_by_the_newest_complete_one():
    complete = window("2", alarm("quality", "hum"), alarm("performance"))
    due = window("1", alarm("performance", "bias"), alarm("quality", "temp"))
    assert [(one.type, one.column) for one in standing(complete, due)] == [
        ("quality", "hum"),
        ("performance", "bias"),
    ]
    assert standing(None, None) == ()

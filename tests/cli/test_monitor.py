"""`mlctl monitor` in a terminal."""

import pytest

from tests.verbs.bikes import Company, days_of, hours


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory, terminals):
    """Two weeks of 2012 after a model of 2011."""
    made = Company(tmp_path_factory.mktemp("monitor") / "bikes", params="params = { max_iter = 30 }")
    made.start()
    year = days_of(row for row in hours() if row["dteday"] >= "2012-01-01")
    for week in range(2):
        made.week(year[7 * week : 7 * week + 7])
    return terminals(made.root)


def test_a_stage_that_holds_nothing_is_not_found_and_the_hint_says_what_to_do(project):
    done = project.run("monitor")
    assert done.returncode == 20
    assert "mlctl promote demand" in done.stderr


def test_an_alarm_exits_41_with_the_whole_document(alarmed):
    code, document = alarmed.json("monitor", "--check")
    assert code == 41
    assert (document["ok"], document["error"]["id"]) == (False, "alarm_raised")
    assert document["error"]["hints"] == ["mlctl loop --once"]
    data = document["data"]
    assert (data["model"], data["version"], data["alarm"]) == ("demand", 1, True)
    window = next(window for window in data["windows"] if window["alarms"])
    assert {"start", "end", "rows", "labelled", "alarms", "performance", "estimate"} <= set(window)
    assert window["alarms"][0]["kind"] == "performance"
    assert {"value", "low", "high"} == set(window["performance"]["mae"])


def test_the_text_is_a_table_that_says_what_moved_by_how_much_and_since_when(alarmed):
    done = alarmed.run("monitor")
    assert done.returncode == 41
    assert "demand@1 in production: ALARM" in done.stdout
    assert "since 2012-01-02" in done.stdout
    assert "whole weeks resampled" in done.stdout
    assert "mlctl loop --once" in done.stderr
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("2012-")) <= 80


def test_a_window_that_is_no_duration_is_a_usage_error(alarmed):
    code, document = alarmed.json("monitor", "--window", "soon")
    assert code == 2
    assert "soon" in document["error"]["message"]

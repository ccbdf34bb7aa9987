from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.loop import Attempt, age_limit, alarm_budget, level_moves, patience, reasons

DAY = timedelta(days=1)


def attempts(*promoted):
    return [Attempt(through=f"2012-01-{place + 1:02}", promoted=one) for place, one in enumerate(promoted)]


@pytest.mark.parametrize(
    ("history", "days"),
    [
        ((), 14),
        ((True,), 14),
        ((False,), 28),
        ((False, False), 56),
        ((False, False, True), 14),
        ((True, False), 28),
    ],
)
def test_patience_is_the_test_period_doubled_for_each_refusal_in_a_row(history, days):
    assert patience(14 * DAY, attempts(*history)) == days * DAY


@given(st.lists(st.booleans(), max_size=40))
def test_patience_never_shrinks_below_the_test_period_and_never_grows_without_end(history):
    found = patience(14 * DAY, attempts(*history[:28]))
    assert 14 * DAY <= found <= 14 * 64 * DAY


def test_only_alarms_that_the_spec_names_are_reasons():
    assert reasons(["performance"], ["drift", "quality"], None) == ()
    assert reasons(["performance"], ["performance", "performance"], None) == ("performance alarm",)
    assert reasons(["performance", "drift"], ["drift"], None) == ("drift alarm",)


def test_age_is_a_reason_beyond_its_limit_only():
    when = ["performance", "age > '56d'"]
    assert age_limit(when) == 56 * DAY
    assert reasons(when, [], 56 * DAY) == ()
    assert reasons(when, [], 57 * DAY) == ("what it learnt is 57 days old, over 56",)
    assert reasons(["performance"], [], 999 * DAY) == ()
    assert reasons(when, [], None) == ()


@pytest.mark.parametrize(
    ("text", "events", "period"),
    [("1 per 90d", 1.0, 90 * DAY), ("0.5 per 4w", 0.5, 28 * DAY), ("2 per 1d", 2.0, DAY)],
)
def test_a_budget_is_alarms_in_a_time(text, events, period):
    assert alarm_budget(text) == (events, period)


@pytest.mark.parametrize("text", ["", "one per 90d", "1 in 90d", "1 per fortnight"])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(ValueError, match=r"budget|duration"):
        alarm_budget(text)


def test_a_level_that_hardly_moves_is_not_worth_a_version():
    assert not level_moves(1.5, 1.51)
    assert level_moves(1.5, 1.6)
    assert level_moves(1.0, 0.9)

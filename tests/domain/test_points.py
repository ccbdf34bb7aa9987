import math

from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.points import Point, read_points, shown, summary

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def test_points_come_back_by_series_in_the_order_in_which_they_came():
    data = b'{"step": 2, "time": 1.5, "loss": 0.5, "rate": 1}\n{"step": 1, "loss": 0.75}\n'
    assert read_points(data).series == {
        "loss": [Point(2, 1.5, 0.5), Point(1, 0.0, 0.75)],
        "rate": [Point(2, 1.5, 1.0)],
    }


def test_what_is_no_point_is_counted_and_a_line_that_is_being_written_is_not():
    lines = [
        b"rubbish",
        b"[1]",
        b'{"step": "x", "loss": 1}',
        b'{"step": 1}',
        b'{"step": 1, "loss": true}',
        b'{"step": 1, "loss": "high"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"",
        b'{"step": 1, "loss": 1e999}',
        b'{"step": 1, "lo',
    ]
    read = read_points(b"\n".join(lines))
    assert read.unread == 8
    assert read.series == {"loss": [Point(1, 0.0, math.inf)]}


def test_numbers_that_are_none_are_read_in_every_spelling():
    data = b'{"loss": "nan"}\n{"loss": NaN}\n{"loss": "-inf"}\n{"loss": -Infinity}\n'
    values = [point.value for point in read_points(data).series["loss"]]
    assert [math.isnan(value) for value in values] == [True, True, False, False]
    assert values[2:] == [-math.inf, -math.inf]


def test_the_last_is_that_of_the_highest_step_and_of_equal_steps_the_newest():
    told = summary([Point(5, 0, 1.0), Point(9, 0, 2.0), Point(9, 0, math.nan), Point(7, 0, -4.0)])
    assert (told.last, told.step, told.count, told.not_finite) == ("nan", 9, 4, 1)
    assert (told.low, told.low_step, told.high, told.high_step) == (-4.0, 7, 2.0, 9)


def test_a_series_of_nothing_finite_has_no_lowest():
    told = summary([Point(1, 0, math.inf)])
    assert (told.last, told.low, told.high) == ("inf", None, None)


@given(NUMBERS)
def test_what_is_shown_is_read_back(value):
    text = shown(value)
    quoted = f'"{text}"' if isinstance(text, str) else repr(text)
    ((point,),) = read_points(f'{{"loss": {quoted}}}\n'.encode()).series.values()
    assert point.value == value or (math.isnan(point.value) and math.isnan(value))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    assert read_points(data).unread >= 0

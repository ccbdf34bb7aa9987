"""Numbers in four significant digits."""

import pytest

from mlctl.domain.digits import apart, digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.23456, "41.23"),
        (0.666666, "0.6667"),
        (250000.0, "250,000"),
        (12345.6, "12,346"),
        (0.00123456, "0.001235"),
        (1.0, "1"),
        (0.0, "0"),
        (-0.05, "-0.05"),
        (100.0, "100"),
        (1.23456e-7, "1.235e-07"),
        (float("inf"), "inf"),
    ],
)
def test_four_digits_count_and_none_before_the_point_is_lost(value, text):
    assert digits(value) == text


def test_a_difference_has_its_sign():
    assert digits(1.5, sign=True) == "+1.5"
    assert digits(-1.5, sign=True) == "-1.5"


def test_two_numbers_are_told_apart_by_as_many_digits_as_it_takes():
    assert apart(0.666664, 0.666671) == ("0.66666", "0.66667")
    assert apart(0.5, 0.6) == ("0.5", "0.6")
    assert apart(2.0, 2.0) == ("2", "2")

from datetime import timedelta

import pytest

from mlctl.domain.duration import duration, share


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", timedelta(days=7)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("2w", timedelta(weeks=2)),
        ("0.5d", timedelta(hours=12)),
        (" 45 s ", timedelta(seconds=45)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "7", "d", "7 days", "-7d", "7q", "1d2h"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration(text)


def test_a_percentage_is_a_share() -> None:
    assert share("20%") == pytest.approx(0.2)
    assert share("20") is None

import pytest

from mlctl.domain.expression import parse
from mlctl.domain.listing import holds, sort_key

RUN = {"mae": 41.2, "status": "finished", "params.max_iter": 300, "dirty": False, "version": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mae < 45", True),
        ("mae < 45 and status = 'failed'", False),
        ("mae > 45 or status = 'finished'", True),
        ("params.max_iter between 100 and 300", True),
        ("status in ('failed', 'killed')", False),
        ("status not in ('failed', 'killed')", True),
        ("status like 'fin%'", True),
        ("version is null", True),
        ("version = 3", False),
        ("not version = 3", False),
        ("version = 3 or mae < 45", True),
        ("abs(mae - 41) < 1", True),
        ("upper(status) = 'FINISHED'", True),
        ("coalesce(version, 7) = 7", True),
        ("mae / 0 > 1", False),
        ("status < 3", False),
        ("dirty = false", True),
        ("-mae < 0", True),
        ("mae in (1, 41.2)", True),
    ],
)
def test_conditions_hold_as_in_sql(text, expected):
    assert holds(parse(text), RUN) is expected


def test_numbers_sort_before_text_and_what_is_missing_comes_last():
    rows = [{"x": "b"}, {}, {"x": 2}, {"x": "a"}, {"x": 1.5}]
    assert sorted(rows, key=lambda row: sort_key(row, "x")) == [
        {"x": 1.5},
        {"x": 2},
        {"x": "a"},
        {"x": "b"},
        {},
    ]

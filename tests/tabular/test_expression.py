"""Expressions over tables, with SQLite as the judge of what SQL's nulls do."""
# ruff: noqa: DTZ001 - tables hold UTC without a zone

import sqlite3
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.domain.errors import ColumnMissing, UsageError
from mlctl.tabular.expression import mask

TABLE = pa.table(
    {
        "hr": [0, 5, 6, 22, 23, None],
        "temp": [0.1, float("nan"), 0.5, 0.9, None, 1.0],
        "city": ["San Jose", "Berlin", None, "san remo", "50%", "a_b"],
        "open": [True, False, None, True, False, True],
        "day": [
            date(2011, 12, 31), date(2012, 1, 1), None, date(2012, 1, 2), date(2012, 6, 1), date(2013, 1, 1)
        ],
        "at": pa.array([datetime(2012, 1, 1, hour) for hour in (0, 6, 12, 18, 23, 1)], pa.timestamp("ms")),
        "text-day": ["2011-12-31", "2012-01-01", None, "2012-01-02", "2012-06-01", "2013-01-01"],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("hr < 6 or hr > 22", [0, 1, 4]),
        ("not (hr < 6)", [2, 3, 4]),
        ("hr between 5 and 22", [1, 2, 3]),
        ("hr not between 5 and 22", [0, 4]),
        ("hr in (0, 23)", [0, 4]),
        ("hr not in (0, null)", []),
        ("hr is null", [5]),
        ("temp is null", [1, 4]),
        ("temp is not null and temp > .4", [2, 3, 5]),
        ("hr = null", []),
        ("open", [0, 3, 5]),
        ("not open", [1, 4]),
        ("open = true or hr = 6", [0, 2, 3, 5]),
        ("day < '2012-01-01'", [0]),
        ("day >= '2012-01-01' and day < '2012-02-01'", [1, 3]),
        ("'2012-06-01' <= day", [4, 5]),
        ("day in ('2012-01-01', '2013-01-01')", [1, 5]),
        ("at > '2012-01-01 11:59:59'", [2, 3, 4]),
        ("at >= '2012-01-01T12:00:00Z'", [2, 3, 4]),
        ("at = day", []),
        ("hour(at) = 18", [3]),
        ("weekday(day) = 6", [1]),
        ('year("text-day") = 2012', [1, 3, 4]),
        ("month(day) = 12", [0]),
        ("city like 'san%'", [3]),
        ("lower(city) like 'san %'", [0, 3]),
        ("city like '50\\%'", [4]),
        ("city like '___%' and length(city) = 3", [4, 5]),
        ("hr + 1 = 6", [1]),
        ("hr / 2 = 2.5", [1]),
        ("hr % 5 = 2", [3]),
        ("hr / 0 = 1 or hr = 0", [0]),
        ("abs(temp - 0.5) < 0.45", [0, 2, 3]),
        ("round(temp) = 1", [3, 5]),
        ("round(temp, 1) = 0.9", [3]),
        ("coalesce(hr, -1) = -1", [5]),
        ("-hr = -23", [4]),
        ("true", [0, 1, 2, 3, 4, 5]),
        ("null is null", [0, 1, 2, 3, 4, 5]),
        ("hr = 5 and null is not null", []),
        ("\"text-day\" = '2012-01-02'", [3]),
    ],
)  # fmt: skip
def test_the_rows_that_an_expression_selects(text: str, rows: list[int]) -> None:
    selected = mask(TABLE, text)
    assert selected.dtype == bool
    assert np.flatnonzero(selected).tolist() == rows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hr = 'five'", "a number is compared with text"),
        ("hr and open", "neither true nor false"),
        ("day < 'soon'", "not an ISO date"),
        ("city + 1 = 2", "a number is needed"),
        ("hour(hr) = 1", "needs a date or time"),
        ("hr like '2%'", "like compares text"),
        ("hr", "not a condition"),
        ("city", "not a condition"),
        ("hr <", "found the end"),
        ("open < 3", "truth value"),
    ],
)
def test_what_cannot_be_compared_is_told_with_a_caret(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        mask(TABLE, text)
    assert says in caught.value.message
    assert caught.value.message.splitlines()[-1].strip() == "^"


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(ColumnMissing) as caught:
        mask(TABLE, "tmep > 1")
    assert caught.value.facts["nearest"] == "temp"


def test_chunks_and_dictionaries_are_read_like_plain_columns() -> None:
    chunked = pa.concat_tables([TABLE.slice(0, 2), TABLE.slice(2)])
    coded = chunked.set_column(2, "city", chunked.column("city").dictionary_encode())
    assert np.flatnonzero(mask(coded, "city = 'Berlin' or hr = 23")).tolist() == [1, 4]


def test_an_empty_table_selects_nothing() -> None:
    assert mask(TABLE.slice(0, 0), "hr < 6").shape == (0,)


numbers = st.none() | st.integers(-3, 3)
texts = st.none() | st.sampled_from(["a", "b", "ab", ""])


@st.composite
def conditions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        number = draw(
            st.sampled_from(["x", "y", "x + y", "x - 1", "x * y", "-y", "abs(x)", "coalesce(x, y)"])
        )
        comparison = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
        return draw(
            st.sampled_from(
                [
                    f"{number} {comparison} {draw(st.integers(-3, 3))}",
                    f"{number} in (1, y, {draw(st.integers(-3, 3))})",
                    f"{number} not in (1, null)",
                    f"{number} between -1 and y",
                    f"{number} not between y and 2",
                    f"s {comparison} 'a'",
                    "s is null",
                    f"{number} is not null",
                    "s in ('a', 'ab')",
                    "length(s) < 2",
                ]
            )
        )
    left, right = draw(conditions(depth=depth - 1)), draw(conditions(depth=depth - 1))
    return draw(
        st.sampled_from(
            [f"{left} and {right}", f"{left} or {right}", f"not ({left})", f"({left} or {right})"]
        )
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(numbers, numbers, texts), min_size=1, max_size=8), conditions())
def test_nulls_behave_as_in_sqlite(rows, condition) -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute("create table t (n integer, x integer, y integer, s text)")
        database.executemany("insert into t values (?, ?, ?, ?)", [(i, *row) for i, row in enumerate(rows)])
        expected = [n for (n,) in database.execute(f"select n from t where {condition} order by n")]  # noqa: S608 - made above
    x, y, s = zip(*rows, strict=True)
    table = pa.table(
        {"x": pa.array(x, pa.int64()), "y": pa.array(y, pa.int64()), "s": pa.array(s, pa.string())}
    )
    assert np.flatnonzero(mask(table, condition)).tolist() == expected

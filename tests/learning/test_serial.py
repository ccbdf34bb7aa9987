"""Serial rows: lags and rolling means are found where they are planted, and nothing where there is none."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.learning.serial import is_serial, neighbours, newest_series, shifted_columns

START = np.datetime64("2020-01-01", "ms")
HOUR = np.timedelta64(3_600_000, "ms")
few = settings(max_examples=40, deadline=None)


def walk(random, rows, keep=0.7):
    """A target that remembers `keep` of its last value."""
    noise = random.normal(size=rows)
    values = np.empty(rows)
    values[0] = noise[0]
    for row in range(1, rows):
        values[row] = keep * values[row - 1] + noise[row]
    return values


def shifted(values, by):
    moved = np.full(len(values), np.nan)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


def found_in(columns, moments, random):
    """What is found when the rows stand in any order."""
    order = random.permutation(len(moments))
    table = pa.table(
        {name: pa.array(np.asarray(values)[order], from_pandas=True) for name, values in columns.items()}
    )
    names = [name for name in columns if name != "y"]
    series = newest_series(table, moments[order], names)
    return {one.column: one for one in shifted_columns(table, series, "y", names)}, table, series


@few
@given(st.integers(1, 300), st.integers(0, 99), st.floats(0.1, 9), st.sampled_from([0.0, 0.5, 0.9]))
def test_a_lag_is_found_at_its_shift_whatever_its_scale(by, seed, scale, keep):
    random = np.random.default_rng(seed)
    y = walk(random, 1500, keep)
    columns = {"y": y, "lag": shifted(y, by) * scale + 3, "other": random.normal(size=1500)}
    found, _, _ = found_in(columns, START + np.arange(1500) * HOUR, random)
    assert set(found) == {"lag"}
    assert f"is y {by} row" in found["lag"].text
    assert "before its own" in found["lag"].text
    assert not found["lag"].ahead


@few
@given(st.integers(1, 300), st.integers(0, 99))
def test_a_lead_is_told_from_a_lag(by, seed):
    random = np.random.default_rng(seed)
    y = walk(random, 1500)
    found, _, _ = found_in({"y": y, "lead": shifted(y, -by)}, START + np.arange(1500) * HOUR, random)
    assert found["lead"].ahead
    assert f"{by} row" in found["lead"].text


@few
@given(st.integers(2, 300), st.integers(0, 99), st.sampled_from([0.0, 0.5, 0.9]))
def test_a_rolling_mean_of_earlier_rows_is_found_at_its_width(width, seed, keep):
    random = np.random.default_rng(seed)
    y = walk(random, 1500, keep)
    mean = np.array([np.nan if row < width else y[row - width : row].mean() for row in range(1500)])
    found, _, _ = found_in({"y": y, "mean": mean}, START + np.arange(1500) * HOUR, random)
    assert f"over {width} rows before its own" in found["mean"].text


@few
@given(st.floats(0.02, 0.9), st.integers(0, 99), st.sampled_from([0.0, 0.5, 0.9]), st.booleans())
def test_an_exponential_mean_is_found(weight, seed, keep, own):
    random = np.random.default_rng(seed)
    y = walk(random, 1500, keep)
    mean = np.empty(1500)
    mean[0] = y[0]
    for row in range(1, 1500):
        mean[row] = weight * y[row if own else row - 1] + (1 - weight) * mean[row - 1]
    found, _, _ = found_in({"y": y, "mean": mean}, START + np.arange(1500) * HOUR, random)
    assert ("up to its own" if own else "before its own") in found["mean"].text
    assert not found["mean"].ahead


@few
@given(st.integers(0, 999), st.floats(0, 0.95), st.floats(0.2, 3))
def test_an_honest_feature_of_a_serial_target_is_none_of_these(seed, keep, noise):
    """Covariates that the target follows at its own row, with an error."""
    random = np.random.default_rng(seed)
    x = walk(random, 1500, keep)
    y = x + noise * random.normal(size=1500)
    found, _, _ = found_in(
        {"y": y, "x": x, "hour": np.arange(1500) % 24}, START + np.arange(1500) * HOUR, random
    )
    assert not found


@few
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 99))
def test_a_lag_within_each_of_many_series_is_found(shops, by, seed):
    random = np.random.default_rng(seed)
    days = 1600 // shops
    y = np.concatenate([walk(random, days) + 5 * random.normal() for _ in range(shops)])
    lag = np.concatenate([shifted(part, by) for part in np.split(y, shops)])
    columns = {"y": y, "lag": lag, "shop": np.repeat(np.arange(shops), days)}
    found, _, series = found_in(columns, np.tile(START + np.arange(days) * HOUR, shops), random)
    assert series.entity == "shop"
    assert f"is y {by} row" in found["lag"].text


def test_independent_rows_follow_no_neighbour_and_a_walk_does():
    random = np.random.default_rng(0)
    moments = START + np.arange(3000) * HOUR
    for _ in range(50):
        _, table, series = found_in({"y": random.exponential(size=3000)}, moments, random)
        strength, chance = neighbours(table, series, "y", classes=False)
        assert abs(strength) < 0.1
        assert not is_serial(strength, chance)
    _, table, series = found_in({"y": walk(random, 3000, 0.8)}, moments, random)
    strength, chance = neighbours(table, series, "y", classes=False)
    assert strength == pytest.approx(0.8, abs=0.06)
    assert is_serial(strength, chance)


def test_classes_that_persist_are_serial_and_classes_that_do_not_are_not():
    random = np.random.default_rng(0)
    moments = START + np.arange(3000) * HOUR
    for labels, expected in (((walk(random, 3000, 0.95) > 0), True), ((random.random(3000) > 0.9), False)):
        text = np.where(labels, "up", "down")
        _, table, series = found_in({"y": text}, moments, random)
        assert is_serial(*neighbours(table, series, "y", classes=True)) is expected


def test_the_level_of_a_shop_is_no_memory():
    """Shops that differ, and days that are independent: within a shop no row follows its neighbour."""
    random = np.random.default_rng(0)
    y = np.repeat(10 * random.normal(size=20), 200) + random.normal(size=4000)
    columns = {"y": y, "shop": np.repeat(np.arange(20), 200)}
    _, table, series = found_in(columns, np.tile(START + np.arange(200) * HOUR, 20), random)
    assert series.entity == "shop"
    assert not is_serial(*neighbours(table, series, "y", classes=False))


def test_only_the_newest_rows_are_looked_at_and_rows_without_a_time_are_not():
    random = np.random.default_rng(0)
    moments = START + random.permutation(50_000) * HOUR
    moments[:100] = np.datetime64("NaT")
    series = newest_series(pa.table({"y": np.zeros(50_000)}), moments, [])
    assert len(series.rows) < 10_000
    left = np.setdiff1d(np.arange(100, 50_000), series.rows)
    assert moments[left].max() < moments[series.rows].min()
    assert (np.diff(moments[series.rows]) > np.timedelta64(0)).all()

"""The linter on real data: what is known to be there is found, and honest columns are left alone."""

import datetime as dt
import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from mlctl.domain.spec import ModelSpec, SplitSpec
from mlctl.learning.lint import Sides, lint
from mlctl.learning.split import split_rows
from mlctl.tabular.read import read_bytes
from mlctl.tabular.schema import normalise
from mlctl.tabular.time import event_time

BIKES = Path(__file__).parents[2] / "templates/bike-demand/data/hour.csv.gz"
SHARED = Path(os.environ.get("MLCTL_TEST_DATA", "/nonexistent"))
"""A folder with adult_income and sms_spam as they are published; without it two tests skip."""

TIME = ("dteday", "hr")


@pytest.fixture(scope="module")
def bikes():
    return read_bytes(gzip.decompress(BIKES.read_bytes()), "hour.csv")


def looked(table, target, by, *, time=(), key=(), exclude=(), classes=()):
    spec = ModelSpec(data="d", target=target, split=SplitSpec(by=by), exclude=list(exclude))
    moments = event_time(table, time) if time else None
    split = split_rows(table, spec, moments=moments, key=key, window=None)
    features = tuple(name for name in table.column_names if name not in {target, *exclude, *key, *time})
    sides = Sides(
        table=table,
        train=split.train,
        test=split.test,
        moments=moments,
        features=features,
        key=tuple(key),
        classes=tuple(classes),
    )
    return lint(sides, spec, time)


def kinds(found):
    return [(one.kind, one.columns) for one in found.findings if not one.minor]


def with_lags(table):
    count = np.asarray(table.column("cnt")).astype(float)
    mean = [None] * 24 + [count[row - 24 : row].mean() for row in range(24, len(count))]
    table = table.append_column("hour_before", pa.array([None, *count[:-1]], pa.float64()))
    return table.append_column("day_before", pa.array(mean, pa.float64()))


def test_casual_and_registered_give_the_count_away_and_the_weather_does_not(bikes):
    found = looked(bikes, "cnt", "time", time=TIME, key=("instant",))
    assert kinds(found) == [("giveaway", ("casual", "registered"))]
    assert found.findings[-1].text == "cnt = casual + registered in every held-out row"
    without = looked(bikes, "cnt", "time", time=TIME, key=("instant",), exclude=("casual", "registered"))
    assert kinds(without) == []


def test_hours_of_bikes_cannot_be_split_at_random(bikes):
    found = looked(bikes, "cnt", "random", time=TIME, key=("instant",), exclude=("casual", "registered"))
    assert [(one.kind, one.columns) for one in found.findings if one.fatal] == [("serial", ())]
    assert "giveaway" not in {one.kind for one in found.findings}
    assert "serial correlation 0.8" in found.findings[0].text


def test_lags_are_found_in_rows_of_any_order_and_without_a_declared_time(bikes):
    order = np.random.default_rng(0).permutation(bikes.num_rows)
    table = with_lags(bikes).take(pa.array(order))
    for time in (TIME, ()):
        found = looked(table, "cnt", "random", time=time, key=("instant",), exclude=("casual", "registered"))
        fatal = [one.columns for one in found.findings if one.fatal and one.columns]
        assert fatal == [("hour_before",), ("day_before",)]
        assert found.time == TIME


def test_many_rows_are_sampled_and_say_the_same(bikes):
    """The same rows five times over: the same findings, since only the newest and a sample are looked at."""
    many = pa.concat_tables([bikes.drop_columns(["instant"])] * 5)
    found = looked(many, "cnt", "time", time=TIME)
    assert ("giveaway", ("casual", "registered")) in kinds(found)


@pytest.mark.skipif(not (SHARED / "adult_income/adult.data").exists(), reason="needs MLCTL_TEST_DATA")
def test_nothing_in_the_census_gives_the_income_away():
    names = "age work weight school years marriage job relation race sex gain loss hours country income"
    options = csv.ReadOptions(column_names=names.split())
    table = normalise(csv.read_csv(SHARED / "adult_income/adult.data", read_options=options), "adult")
    classes = sorted(value for value in table.column("income").unique().to_pylist() if value)
    for by in ("random", "stratified"):
        assert "giveaway" not in {one.kind for one in looked(table, "income", by, classes=classes).findings}


@pytest.mark.skipif(not (SHARED / "sms_spam").exists(), reason="needs MLCTL_TEST_DATA")
def test_nothing_in_the_messages_gives_spam_away():
    table = csv.read_csv(
        SHARED / "sms_spam/SMSSpamCollection.tsv",
        read_options=csv.ReadOptions(column_names=["label", "text"]),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
    )
    found = looked(normalise(table, "sms"), "label", "stratified", classes=("ham", "spam"))
    assert "giveaway" not in {one.kind for one in found.findings}


ODD = {
    "number": st.one_of(st.none(), st.floats(allow_nan=False), st.sampled_from([0.0, 1e308, -1e308, 5e-324])),
    "whole": st.one_of(st.none(), st.integers(-(2**62), 2**62), st.integers(0, 3)),
    "text": st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["", "a", "\x1f"])),
    "flag": st.one_of(st.none(), st.booleans()),
    "day": st.one_of(st.none(), st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))),
}
TYPES = dict(zip(ODD, (pa.float64(), pa.int64(), pa.string(), pa.bool_(), pa.date32()), strict=True))


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(ODD)), st.integers(0, 9), min_size=1),
    st.integers(2, 400),
    st.sampled_from(["number", "whole", "text"]),
    st.sampled_from(["random", "time", "stratified"]),
    st.data(),
)
def test_no_table_is_too_odd_to_be_looked_at(columns, rows, target, by, data):
    """Numbers without end, columns without a value, labels of all sizes: all of it is looked at."""
    pools = {name: data.draw(st.lists(ODD[name], min_size=1, max_size=12)) for name in columns}
    random = np.random.default_rng(rows)
    table = pa.table(
        {
            name: pa.array([pool[n] for n in random.integers(0, len(pool), rows)], TYPES[name])
            for name, pool in pools.items()
        }
    )
    made = {"number": random.normal(size=rows) * 1e200, "whole": random.integers(-(2**40), 2**40, rows)}
    labels = random.integers(0, 2, rows) if target == "text" or by == "stratified" else None
    truth = made.get(target, labels) if labels is None else np.array(["no", "yes"])[labels]
    table = table.append_column("y", pa.array(truth))
    moments = np.datetime64("2020-01-01", "ms") + random.integers(0, 50, rows) * np.timedelta64(1, "D")
    test = np.arange(rows) % 3 == 0
    sides = Sides(
        table=table,
        train=~test,
        test=test,
        moments=moments if by == "time" else None,
        features=tuple(columns),
        key=(),
        classes=() if labels is None else ("no", "yes"),
    )
    spec = ModelSpec(data="d", target="y", split=SplitSpec(by=by))
    for one in lint(sides, spec, ("when",) if by == "time" else ()).findings:
        assert one.text

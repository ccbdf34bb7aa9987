"""The matrix that serving makes from JSON and the one that training makes from tables are the same bits."""
# ruff: noqa: DTZ001 - tables hold UTC without a zone

import subprocess
import sys
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.domain.errors import ColumnMissing
from mlctl.domain.model import FeatureEncoding
from mlctl.domain.spec import FeatureSpec
from mlctl.tabular.encode import Encoder, hashed
from mlctl.tabular.encode_table import MAX_CATEGORIES, fit_encodings, matrix_from_table

HISTOGRAM = {"allow_nan": True, "native_categories": True, "scale": False}
LINEAR = {"allow_nan": False, "native_categories": False, "scale": True}
FOREST = {"allow_nan": False, "native_categories": True, "scale": False}
SETTINGS = [HISTOGRAM, LINEAR, FOREST]

KINDS = {
    "integer": (st.integers(-(2**62), 2**62), pa.int64(), (None, "number", "category")),
    "number": (st.floats(), pa.float64(), (None, "number", "category")),
    "boolean": (st.booleans(), pa.bool_(), (None, "number", "category")),
    "string": (
        st.text(st.characters(codec="utf-8"), max_size=12)
        | st.sampled_from(["a", "b", "7", "7.0", "true", "2012-03-04"]),
        pa.string(),
        (None, "number", "boolean", "category", "text", "datetime"),
    ),
    "date": (st.dates(date(1700, 1, 1), date(2200, 1, 1)), pa.date32(), (None, "category")),
    "datetime": (
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda t: t.replace(microsecond=0)),
        pa.timestamp("ms"),
        (None, "category"),
    ),
}  # fmt: skip


@st.composite
def columns(draw):
    """A column: its type, training values, values to encode, and what the spec says of it."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    values, type_, features = KINDS[kind]
    maybe = st.none() | values
    learnt = draw(st.lists(maybe, min_size=1, max_size=12))
    later = draw(st.lists(maybe | st.sampled_from(learnt), min_size=1, max_size=12))
    feature = draw(st.sampled_from(features))
    return type_, learnt, later, None if feature is None else FeatureSpec(type=feature)


@settings(max_examples=400, deadline=None)
@given(columns(), st.sampled_from(SETTINGS))
def test_lists_and_tables_give_the_same_bits(column, kind) -> None:
    type_, learnt, later, feature = column
    train = pa.table({"x": pa.array(learnt, type_)})
    encoder = Encoder(fit_encodings(train, [("x", feature)], **kind))
    table = pa.table({"x": pa.array(later, type_)})
    vectorised = matrix_from_table(encoder, table)
    listed = encoder.matrix({"x": table.column("x").to_pylist()})
    single = np.concatenate([encoder.matrix({"x": [value]}) for value in later])
    assert vectorised.shape == (len(later), encoder.width)
    assert vectorised.tobytes() == listed.tobytes() == single.tobytes()


@given(st.lists(st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)), min_size=1, max_size=8))
def test_a_date_in_json_is_the_date_in_the_table(values) -> None:
    table = pa.table({"d": pa.array(values, pa.date32())})
    for feature in (None, FeatureSpec(type="category")):
        encoder = Encoder(fit_encodings(table, [("d", feature)], **HISTOGRAM))
        as_json = [None if value is None else value.isoformat() for value in values]
        assert encoder.matrix({"d": as_json}).tobytes() == matrix_from_table(encoder, table).tobytes()


def table() -> pa.Table:
    return pa.table(
        {
            "n": [1.0, 2.0, None, 4.0],
            "b": [True, False, None, True],
            "c": ["x", "y", "x", None],
            "season": [1, 2, 3, 1],
            "d": pa.array([date(2012, 1, 1), date(2012, 1, 2), None, date(2012, 12, 31)]),
        }
    )


def test_gradient_boosting_gets_missing_values_and_category_codes() -> None:
    features = [("n", None), ("b", None), ("c", None), ("season", FeatureSpec(type="category"))]
    encoder = Encoder(fit_encodings(table(), features, **HISTOGRAM))
    assert [encoding.treatment for encoding in encoder.encodings] == ["pass", "pass", "ordinal", "ordinal"]
    assert encoder.categorical == (2, 3)
    expected = [[1, 1, 0, 0], [2, 0, 1, 1], [np.nan, np.nan, 0, 2], [4, 1, np.nan, 0]]
    np.testing.assert_array_equal(matrix_from_table(encoder, table()), expected)


def test_a_linear_model_gets_scaled_numbers_and_one_column_a_category() -> None:
    encoder = Encoder(fit_encodings(table(), [("n", None), ("c", None)], **LINEAR))
    matrix = matrix_from_table(encoder, table())
    assert encoder.width == 3
    assert matrix[:, 0].mean() == pytest.approx(0)
    assert matrix[:, 0].std() == pytest.approx(1)
    np.testing.assert_array_equal(matrix[:, 1:], [[1, 0], [0, 1], [1, 0], [0, 0]])


def test_an_estimator_without_nan_never_sees_one() -> None:
    features = [(name, None) for name in table().column_names]
    for kind in (LINEAR, FOREST):
        encoder = Encoder(fit_encodings(table(), features, **kind))
        assert np.isfinite(matrix_from_table(encoder, table())).all()
        assert np.isfinite(encoder.matrix({name: [None] for name in encoder.columns})).all()


def test_an_unseen_category_is_missing_or_all_zeros() -> None:
    seen = pa.table({"c": ["x", "y"]})
    ordinal = Encoder(fit_encodings(seen, [("c", None)], **HISTOGRAM))
    assert np.isnan(ordinal.matrix({"c": ["z"]})).all()
    onehot = Encoder(fit_encodings(seen, [("c", None)], **LINEAR))
    np.testing.assert_array_equal(onehot.matrix({"c": ["z"]}), [[0, 0]])


def test_seven_is_one_category_however_it_is_written() -> None:
    encoder = Encoder(
        fit_encodings(pa.table({"c": [7, 8]}), [("c", FeatureSpec(type="category"))], **HISTOGRAM)
    )
    assert encoder.matrix({"c": [7, 7.0, "7", True]})[:3, 0].tolist() == [0, 0, 0]
    assert np.isnan(encoder.matrix({"c": [True]})).all()


def test_the_most_frequent_categories_are_kept() -> None:
    values = ["often"] * 5 + [f"v{i}" for i in range(MAX_CATEGORIES + 50)]
    (encoding,) = fit_encodings(pa.table({"c": values}), [("c", FeatureSpec(type="category"))], **HISTOGRAM)
    assert len(encoding.categories) == MAX_CATEGORIES
    assert "often" in encoding.categories


def test_numbers_as_categories_are_in_their_order() -> None:
    (encoding,) = fit_encodings(
        pa.table({"c": [10, 9, 2]}), [("c", FeatureSpec(type="category"))], **HISTOGRAM
    )
    assert encoding.categories == ("2", "9", "10")


def test_long_texts_are_counted_in_hashed_columns() -> None:
    texts = pa.table({"t": [f"this is message number {i} of many" for i in range(MAX_CATEGORIES + 1)]})
    (encoding,) = fit_encodings(texts, [("t", None)], **HISTOGRAM)
    assert encoding.treatment == "hash"
    row = Encoder([encoding]).matrix({"t": ["Win WIN win! now"]})[0]
    assert sorted(row[row > 0].tolist()) == [1, 3]


def test_a_hashed_word_stays_where_it_is() -> None:
    assert [i for i, count in enumerate(hashed("bike", 256)) if count] == [128]


def test_the_parts_of_a_date() -> None:
    feature = FeatureSpec(type="datetime", parts=["year", "month", "day", "weekday", "hour", "day_number"])
    times = pa.table({"t": pa.array([datetime(2012, 2, 29, 13, 5)], pa.timestamp("ms"))})
    encoder = Encoder(fit_encodings(times, [("t", feature)], **HISTOGRAM))
    assert matrix_from_table(encoder, times).tolist() == [[2012, 2, 29, 2, 13, 15399]]
    assert encoder.matrix({"t": ["2012-02-29T14:05:00+01:00"]}).tolist() == [[2012, 2, 29, 2, 13, 15399]]


def test_a_missing_column_is_named() -> None:
    encoder = Encoder([FeatureEncoding(column="n", type="number", treatment="pass")])
    with pytest.raises(ColumnMissing, match="'n'"):
        encoder.matrix({"m": [1]})
    with pytest.raises(ColumnMissing, match="'n'"):
        matrix_from_table(encoder, pa.table({"m": [1]}))


def test_the_serving_path_needs_no_pyarrow() -> None:
    code = "import sys, mlctl.tabular.encode; sys.exit('pyarrow' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

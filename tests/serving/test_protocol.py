import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain.model import Input, Signature
from mlctl.serving.protocol import Refused, RowReader, error_body


@pytest.fixture
def reader(make_signature):
    return RowReader(make_signature(), strict=True)


def refused(reader, body):
    with pytest.raises(Refused) as caught:
        reader.read(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


def test_one_row_and_a_list_of_one_row_are_read_alike(reader, row):
    assert reader.read(json.dumps(row).encode()) == reader.read(json.dumps({"rows": [row]}).encode())


def test_columns_come_in_the_order_of_the_signature_with_values_as_sent(reader, row):
    shuffled = dict(reversed(row.items()))
    columns = reader.read(json.dumps({"rows": [shuffled, {**row, "hr": 3}]}).encode())
    assert list(columns) == ["id", "day", "hr", "temp (C)", "holiday", "weather"]
    assert columns["hr"] == [17, 3]
    assert columns["day"] == ["2012-01-01", "2012-01-01"]
    assert columns["holiday"] == [False, False]


def test_context_and_nullable_features_may_be_left_out_or_null(reader, row):
    for name in ("id", "day", "temp (C)"):
        without = {key: value for key, value in row.items() if key != name}
        assert reader.read(json.dumps(without).encode())[name] == [None]
        assert reader.read(json.dumps({**row, name: None}).encode())[name] == [None]


def test_no_rows_are_no_rows(reader):
    assert reader.read(b'{"rows": []}')["hr"] == []


@pytest.mark.parametrize(
    ("change", "id_", "column"),
    [
        ({"hr": None}, "null_refused", "hr"),
        ({"hr": "17"}, "wrong_type", "hr"),
        ({"hr": 17.5}, "wrong_type", "hr"),
        ({"hr": True}, "wrong_type", "hr"),
        ({"hr": 2**63}, "out_of_range", "hr"),
        ({"hr": -(2**63) - 1}, "out_of_range", "hr"),
        ({"hr": math.nan}, "not_finite", "hr"),
        ({"temp (C)": math.nan}, "not_finite", "temp (C)"),
        ({"temp (C)": math.inf}, "not_finite", "temp (C)"),
        ({"temp (C)": -math.inf}, "not_finite", "temp (C)"),
        ({"temp (C)": "warm"}, "wrong_type", "temp (C)"),
        ({"temp (C)": False}, "wrong_type", "temp (C)"),
        ({"temp (C)": [21.5]}, "wrong_type", "temp (C)"),
        ({"holiday": 0}, "wrong_type", "holiday"),
        ({"holiday": "false"}, "wrong_type", "holiday"),
        ({"weather": 1}, "wrong_type", "weather"),
        ({"weather": None}, "null_refused", "weather"),
        ({"weather": "\ud800"}, "wrong_type", "weather"),
        ({"day": "2012-02-30"}, "wrong_type", "day"),
        ({"day": 20120101}, "wrong_type", "day"),
        ({"wether": "rain"}, "column_unknown", "wether"),
    ],
)
def test_a_bad_field_is_named_with_its_row(reader, row, change, id_, column):
    error = refused(reader, {"rows": [row, {**row, **change}]})
    assert (error.status, error.id, error.row, error.column) == (422, id_, 1, column)
    assert error.rows == 2
    assert column in error.message
    alone = refused(reader, {**row, **change})
    assert (alone.status, alone.id, alone.row, alone.column) == (422, id_, 0, column)


def test_a_missing_feature_is_named_with_the_name_it_may_have_been_mistyped_as(make_signature, row):
    del row["weather"]
    row["wether"] = "rain"
    error = refused(RowReader(make_signature(), strict=False), row)
    assert (error.id, error.column) == ("column_missing", "weather")
    assert "'wether'" in error.message


def test_lenient_ignores_names_that_it_does_not_know(make_signature, row):
    lenient = RowReader(make_signature(), strict=False)
    columns = lenient.read(json.dumps({"rows": [{**row, "cnt": 3}], "client": "x"}).encode())
    assert "cnt" not in columns
    assert columns["hr"] == [17]


def test_strict_refuses_a_key_beside_rows(reader, row):
    assert refused(reader, {"rows": [row], "client": "x"}).column == "client"


@pytest.mark.parametrize(
    ("body", "status", "id_"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"hr=17", 400, "bad_json"),
        (b"\xff\xfe\xfa", 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"a":' * 100_000, 400, "bad_json"),
        (b"[]", 422, "not_rows"),
        (b"null", 422, "not_rows"),
        (b"17", 422, "not_rows"),
        (b'{"rows": {}}', 422, "not_rows"),
        (b'{"rows": [1]}', 422, "not_rows"),
        (b'{"rows": [null]}', 422, "not_rows"),
        (b"{}", 422, "column_missing"),
        (b'{"rows": [{}]}', 422, "column_missing"),
    ],
)
def test_what_is_no_request_is_refused_as_what_it_is(reader, body, status, id_):
    error = refused(reader, body)
    assert (error.status, error.id) == (status, id_)


@pytest.mark.parametrize(
    "text", ["1" + "0" * 400, "-1" + "0" * 400, "1e400", "1" * 5000, "NaN", "Infinity", "-Infinity"]
)
def test_numbers_too_large_for_a_float_are_not_finite(reader, row, text):
    body = json.dumps(row).replace("21.5", text).encode()
    error = refused(reader, body)
    assert (error.status, error.id, error.column) == (422, "not_finite", "temp (C)")


def test_a_whole_number_written_with_a_fraction_of_zero_is_an_integer(reader, row):
    columns = reader.read(json.dumps({**row, "hr": 17.0}).encode())
    assert columns["hr"] == [17]
    assert type(columns["hr"][0]) is int


def test_a_column_called_rows_is_a_column():
    signature = Signature(
        inputs=(Input(name="rows", type="integer", role="feature"),),
        target="y",
        target_type="number",
        task="regression",
    )
    reader = RowReader(signature, strict=True)
    assert reader.read(b'{"rows": 3}') == {"rows": [3]}
    assert reader.read(b'{"rows": [{"rows": 3}, {"rows": 4}]}') == {"rows": [3, 4]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-01-01T05:06:07Z", "2012-01-01T05:06:07"),
        ("2012-01-01 05:06:07", "2012-01-01T05:06:07"),
        ("2012-01-01T05:06:07.123456+02:00", "2012-01-01T03:06:07.123000"),
        ("2012-01-01", "2012-01-01T00:00:00"),
    ],
)
def test_times_are_brought_to_utc_without_a_zone(text, expected):
    signature = Signature(
        inputs=(Input(name="at", type="datetime", role="feature"),),
        target="y",
        target_type="number",
        task="regression",
    )
    assert RowReader(signature, strict=True).read(json.dumps({"at": text}).encode()) == {"at": [expected]}


def test_a_time_before_the_first_year_once_in_utc_is_refused():
    signature = Signature(
        inputs=(Input(name="at", type="datetime", role="feature"),),
        target="y",
        target_type="number",
        task="regression",
    )
    assert refused(RowReader(signature, strict=True), {"at": "0001-01-01T00:00:00+05:00"}).id == "wrong_type"


def test_an_error_body_has_the_four_fields_of_the_contract():
    assert json.loads(error_body("wrong_type", "no", row=1, column="hr")) == {
        "error": {"id": "wrong_type", "message": "no", "row": 1, "column": "hr"}
    }


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5),
    st.just("2012-01-01"),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)  # fmt: skip
MOMENTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(timezone(timedelta(hours=3))) | st.just(UTC),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "day", "hr", "temp (C)", "holiday", "weather", "x"]), VALUES),
        max_size=3,
    )
)
def test_the_fast_way_accepts_only_what_the_patient_way_reads_the_same(rows):
    from_conftest = (
        Input(name="id", type="integer", role="context"),
        Input(name="day", type="date", role="context"),
        Input(name="hr", type="integer", role="feature", nullable=True),
        Input(name="temp (C)", type="number", role="feature", nullable=True),
        Input(name="holiday", type="boolean", role="feature", nullable=True),
        Input(name="weather", type="string", role="feature", nullable=True),
    )
    signature = Signature(inputs=from_conftest, target="y", target_type="number", task="regression")
    reader = RowReader(signature, strict=True)
    body = json.dumps({"rows": rows}).encode()

    def outcome(read):
        try:
            return read()
        except Refused as error:
            return error.body()

    fast = outcome(lambda: reader.read(body))
    assert repr(fast) == repr(outcome(lambda: reader.check(rows)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOMENTS)
def test_fast_and_patient_agree_on_times(moment):
    signature = Signature(
        inputs=(Input(name="at", type="datetime", role="feature"),),
        target="y",
        target_type="number",
        task="regression",
    )
    reader = RowReader(signature, strict=True)
    text = moment.isoformat()
    assert reader.read(json.dumps({"at": text}).encode()) == reader.check([{"at": text}])

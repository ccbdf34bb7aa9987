import msgspec
import pyarrow as pa
import pytest

from mlctl.domain.errors import ColumnMissing, PredictionFailed
from mlctl.domain.spec import ReadSpec
from mlctl.serving.batch import BatchPredictor
from mlctl.serving.plan import Plan


@pytest.fixture
def plan(make_version, total):
    return Plan(make_version(), total)


def texts(rows):
    """Rows as a CSV reader gives them: everything text, nothing null."""
    return pa.table({name: [_text(row[name]) for row in rows] for name in rows[0]})


def _text(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_typed_and_textual_columns_give_the_answers_of_the_plan(plan, row):
    rows = [
        {**row, "hr": hour, "temp (C)": None if hour % 5 == 0 else hour / 3, "holiday": hour % 2 == 0}
        for hour in range(24)
    ]
    expected = plan.answer({name: [one[name] for one in rows] for name in row}).outputs
    typed = BatchPredictor(plan, "t").predict(pa.Table.from_pylist(rows))
    textual = BatchPredictor(plan, "t").predict(texts(rows))
    assert typed.column("prediction").to_pylist() == expected
    assert textual.column("prediction").to_pylist() == expected
    assert textual.column_names == ["id", "day", "prediction"]
    assert textual.column("id").to_pylist() == [7] * 24


def test_columns_that_the_model_does_not_know_and_the_target_are_ignored(plan, row):
    table = pa.Table.from_pylist([{**row, "cnt": 5, "x": "y"}])
    assert BatchPredictor(plan, "t").predict(table).column_names == ["id", "day", "prediction"]


def test_a_nullable_feature_may_be_absent_and_a_key_too(plan, row):
    del row["temp (C)"], row["id"], row["day"]
    batches = BatchPredictor(plan, "t")
    assert batches.predict(pa.Table.from_pylist([row, row])).to_pydict() == {
        "row": [1, 2],
        "prediction": [28.0, 28.0],
    }
    assert batches.predict(pa.Table.from_pylist([row])).column("row").to_pylist() == [3]


def test_a_missing_feature_is_91_with_the_nearest_name(plan, row):
    row["wether"] = row.pop("weather")
    with pytest.raises(ColumnMissing, match="did you mean 'wether'") as caught:
        BatchPredictor(plan, "new.csv").predict(pa.Table.from_pylist([row]))
    assert caught.value.facts["column"] == "weather"


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("hr", "x", "'x' is no integer"),
        ("hr", "17.5", "17.5 is no integer"),
        ("hr", "", "is missing"),
        ("temp (C)", "warm", "'warm' is no number"),
        ("temp (C)", "inf", "infinity"),
        ("holiday", "maybe", "'maybe' is no boolean"),
        ("weather", "", "is missing"),
        ("day", "2012-02-30", "'2012-02-30' is no date"),
    ],
)
def test_a_bad_cell_is_81_and_named_by_its_row_in_the_whole_table(plan, row, column, value, why):
    batches = BatchPredictor(plan, "new.csv")
    good = texts([row] * 5)
    batches.predict(good)
    bad = texts([row, row, row])
    values = bad.column(column).to_pylist()
    values[1] = value
    bad = bad.set_column(bad.column_names.index(column), column, pa.array(values))
    with pytest.raises(PredictionFailed, match=why) as caught:
        batches.predict(bad)
    assert (caught.value.facts["row"], caught.value.facts["column"]) == (7, column)
    assert "new.csv, row 7" in caught.value.message


def test_whole_floats_are_integers_as_in_a_request(plan, row):
    table = pa.Table.from_pylist([{**row, "hr": 17.0, "id": 7.0}])
    answered = BatchPredictor(plan, "t").predict(table).to_pydict()
    assert (answered["id"], answered["prediction"]) == ([7], [39.5])


def test_the_specs_texts_for_missing_values_and_replacements_are_honoured(plan, row):
    table = texts([{**row, "temp (C)": "?", "weather": "Rain."}])
    read = ReadSpec(null=["?"], replace={"weather": {"Rain.": "rain"}})
    assert BatchPredictor(plan, "t", read).predict(table).column("prediction").to_pylist() == [28.0]


def test_classes_come_with_their_probabilities(make_version, make_signature, above, row):
    signature = make_signature("binary", target_type="string", classes=("no", "yes"))
    plan = Plan(msgspec.structs.replace(make_version(), signature=signature), above)
    answered = BatchPredictor(plan, "t").predict(pa.Table.from_pylist([row])).to_pydict()
    assert answered["prediction"] == ["yes"]
    assert answered["probability_yes"] == [17 / 24]
    assert answered["probability_no"] == [1 - 17 / 24]

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from mlctl.domain.errors import ColumnMissing, TrainingFailed
from mlctl.domain.spec import FeatureSpec, ModelSpec
from mlctl.learning.fit import Source, answers_of, fit, problem_of
from mlctl.learning.rows import targets
from mlctl.tabular.encode_table import matrix_from_table


def source(root, key=("id",), time=("day",)):
    return Source(label="rides@1", root=root, key=key, time=time, context=(*key, *time))


def table(rows=80, **over):
    random = np.random.default_rng(0)
    columns = {
        "id": list(range(rows)),
        "day": [f"2012-01-{1 + n % 28:02}" for n in range(rows)],
        "temp": random.normal(size=rows).tolist(),
        "city": [("Oslo", "Bergen", "Tromsø")[n % 3] for n in range(rows)],
        "leak": random.normal(size=rows).tolist(),
    }
    columns["y"] = [
        3 * temp + (city == "Oslo") for temp, city in zip(columns["temp"], columns["city"], strict=True)
    ]
    return pa.table({**columns, **over})


def spec(**over):
    return ModelSpec(
        **{
            "data": "rides",
            "target": "y",
            "exclude": ["leak"],
            "estimator": "sklearn.linear_model:LinearRegression",
            **over,
        }
    )


def fitted(root, rows=None, **over):
    rows = table() if rows is None else rows
    return fit(rows, problem_of(rows, spec(**over), source(root)))


def test_features_are_what_is_neither_target_nor_left_out_nor_context(tmp_path):
    made = fitted(tmp_path)
    assert made.encoder.columns == ("temp", "city")
    roles = {column.name: column.role for column in made.signature.inputs}
    assert roles == {"id": "context", "day": "context", "temp": "feature", "city": "feature"}


def test_context_that_the_spec_names_is_a_feature(tmp_path):
    made = fitted(tmp_path, features={"day": FeatureSpec(type="datetime", parts=["weekday"])})
    assert made.encoder.columns == ("day", "temp", "city")


def test_a_feature_that_the_table_lacks_is_named_with_the_nearest(tmp_path):
    with pytest.raises(ColumnMissing, match="did you mean 'temp'"):
        fitted(tmp_path, features={"tmep": FeatureSpec()})


def test_a_feature_without_any_value_is_refused_and_the_way_out_is_said(tmp_path):
    rows = table().drop_columns(["temp"]).append_column("temp", pa.nulls(80, pa.float64()))
    with pytest.raises(TrainingFailed, match=r"exclude = \['temp'\]"):
        fitted(tmp_path, rows)


def test_training_rows_of_one_class_are_refused(tmp_path):
    rows = table(y=["a"] * 79 + ["b"])
    problem = problem_of(rows, spec(estimator="sklearn.linear_model:LogisticRegression"), source(tmp_path))
    with pytest.raises(TrainingFailed, match="one class only: 'a'"):
        fit(rows.slice(0, 79), problem)


def test_the_users_error_in_fit_is_a_failed_training(tmp_path):
    with pytest.raises(TrainingFailed, match="fitting Ridge failed"):
        fitted(tmp_path, estimator="sklearn.linear_model:Ridge", params={"alpha": -1.0})


def test_answers_are_the_estimators_on_the_encoded_rows_times_the_level(tmp_path):
    made = fitted(tmp_path)
    rows = table()
    truth = targets(rows.column("y"), ())
    found = answers_of(Direct(made.estimator), made.encoder, rows, truth, (), level=2.0)
    expected = made.estimator.predict(matrix_from_table(made.encoder, rows)) * 2
    assert np.array_equal(found.output, expected)
    assert isinstance(made.estimator, LinearRegression)


class Direct:
    def __init__(self, estimator):
        self._estimator = estimator

    def predict(self, matrix):
        return self._estimator.predict(matrix)

    def probabilities(self, matrix):
        del matrix


def test_the_signature_tells_categories_bounds_and_an_example(tmp_path):
    made = fitted(tmp_path)
    inputs = {column.name: column for column in made.signature.inputs}
    assert inputs["city"].categories == ("Bergen", "Oslo", "Tromsø")
    assert inputs["temp"].minimum < 0 < inputs["temp"].maximum
    assert set(made.signature.example) == {"id", "day", "temp", "city"}
    assert made.signature.positive is None

import msgspec
import numpy as np
import pytest

from mlctl.domain.errors import PredictionFailed
from mlctl.serving.plan import Plan


@pytest.fixture
def columns(row):
    return {name: [value, value] for name, value in row.items()}


def plan(model, predictor):
    return Plan(model, predictor)


def test_a_regression_answers_numbers_and_no_probabilities(make_version, total, columns):
    answers = plan(make_version(), total).answer(columns)
    assert answers.outputs == [17 + 21.5 + 0 + 1] * 2
    assert answers.probabilities is None


def test_a_recalibrated_regression_multiplies_by_its_level(make_version, total, columns):
    assert plan(make_version(level=2.0), total).answer(columns).outputs == [79.0, 79.0]


@pytest.mark.parametrize(
    ("target_type", "classes", "expected"),
    [("integer", ("0", "1"), [1, 1]), ("string", ("no", "yes"), ["yes", "yes"])],
)
def test_a_classifier_answers_labels_of_the_targets_type(
    make_version, make_signature, above, columns, target_type, classes, expected
):
    signature = make_signature("binary", target_type=target_type, classes=classes)
    answers = plan(make_version(signature=signature), above).answer(columns)
    assert answers.outputs == expected
    assert answers.probabilities == [[1 - 17 / 24, 17 / 24]] * 2


def test_a_row_gets_the_same_answer_in_any_company(make_version, total, columns):
    one = plan(make_version(), total)
    assert (
        one.answer({name: values[:1] for name, values in columns.items()}).outputs
        == one.answer(columns).outputs[:1]
    )


def test_an_answer_that_is_no_number_is_a_failure_that_names_the_row(make_version, columns):
    class Broken:
        def predict(self, matrix):
            return np.where(np.arange(len(matrix)) == 1, np.nan, 1.0)

        def probabilities(self, matrix):
            del matrix

    with pytest.raises(PredictionFailed) as caught:
        plan(make_version(), Broken()).answer(columns)
    assert caught.value.facts["row"] == 1


def test_a_model_that_raises_is_a_failed_prediction(make_version, columns):
    class Broken:
        def predict(self, matrix):
            return 1 // (len(matrix) - 2)

    with pytest.raises(PredictionFailed, match="ZeroDivisionError: "):
        plan(make_version(), Broken()).answer(columns)


def test_values_of_categories_that_were_not_learnt_are_counted(make_version, total, columns):
    columns["weather"] = ["snow", None]
    assert plan(make_version(), total).unseen(columns) == {"weather": 1}
    columns["weather"] = ["clear", "rain"]
    assert plan(make_version(), total).unseen(columns) == {}


def test_warming_answers_the_example(make_version, make_signature, total):
    plan(make_version(), total).warm()
    wrong = make_version(
        signature=msgspec.structs.replace(make_signature(), example={"hr": None, "holiday": None})
    )
    with pytest.raises(PredictionFailed, match="nan"):
        plan(wrong, total).warm()

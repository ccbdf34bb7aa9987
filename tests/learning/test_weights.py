"""Rows of unequal weight: in fits, baselines and the search for slices; columns that cannot be weights."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlctl.domain.errors import SpecInvalid, TrainingFailed, UsageError
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.learning.baseline import baseline_answers
from mlctl.learning.fit import Source, fit, problem_of
from mlctl.learning.slice_search import search_slices
from mlctl.learning.weights import check_weights, handed
from mlctl.statistics.metrics import Answers
from mlctl.tabular.encode_table import matrix_from_table

ROWS = 120


def table(times=None):
    random = np.random.default_rng(0)
    columns = {
        "temp": random.normal(size=ROWS),
        "wind": np.where(random.random(ROWS) < 0.2, np.nan, random.normal(size=ROWS)),
        "city": np.array(["Oslo", "Bergen", "Bodo"])[random.integers(0, 3, ROWS)],
        "w": random.integers(0, 4, ROWS),
    }
    columns["y"] = 3 * columns["temp"] + (columns["city"] == "Oslo") + random.normal(size=ROWS)
    rows = np.arange(ROWS) if times is None else np.repeat(np.arange(ROWS), times)
    made = {name: pa.array(values[rows], from_pandas=True) for name, values in columns.items()}
    return pa.table(made)


def fitted(root, rows, **over):
    spec = ModelSpec(data="rides", target="y", **over)
    return fit(rows, problem_of(rows, spec, Source(label="rides@1", root=root, key=(), time=(), context=())))


@pytest.mark.parametrize(
    "over",
    [
        {"estimator": "sklearn.linear_model:LinearRegression"},
        {"estimator": "sklearn.linear_model:Ridge", "params": {"alpha": 5.0}},
        {"estimator": "sklearn.linear_model:QuantileRegressor", "params": {"alpha": 0.0}},
    ],
)
def test_whole_weights_fit_as_rows_that_are_there_again(tmp_path, over):
    rows = table()
    weighed = fitted(tmp_path, rows, weight="w", **over)
    repeated = fitted(tmp_path, table(rows.column("w").to_numpy()), exclude=["w"], **over)
    one, other = (
        made.estimator.predict(matrix_from_table(made.encoder, rows)) for made in (weighed, repeated)
    )
    assert np.allclose(one, other, rtol=1e-9, atol=1e-9)
    plain = fitted(tmp_path, rows, exclude=["w"], **over)
    assert not np.allclose(plain.estimator.predict(matrix_from_table(plain.encoder, rows)), one, atol=1e-3)


def test_a_weight_is_no_feature_and_no_part_of_a_request(tmp_path):
    made = fitted(tmp_path, table(), weight="w", estimator="sklearn.linear_model:Ridge")
    assert made.encoder.columns == ("temp", "wind", "city")
    assert [one.name for one in made.signature.inputs] == ["temp", "wind", "city"]


BUILT = """\
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Seen(KNeighborsRegressor):
    def fit(self, matrix, target):
        open("fitted", "w").close()
        return super().fit(matrix, target)


def line():
    return make_pipeline(StandardScaler(), Ridge(alpha=0.0))


def neighbours():
    return make_pipeline(StandardScaler(), Seen())
"""


def test_a_pipeline_hands_the_weights_to_its_last_step(tmp_path):
    (tmp_path / "own.py").write_text(BUILT)
    rows = table()
    piped = fitted(tmp_path, rows, weight="w", build="own.py:line", exclude=["wind", "city"])
    alone = fitted(
        tmp_path,
        rows,
        weight="w",
        estimator="sklearn.linear_model:LinearRegression",
        exclude=["wind", "city"],
    )
    one, other = (made.estimator.predict(matrix_from_table(made.encoder, rows)) for made in (piped, alone))
    assert np.allclose(one, other, rtol=1e-9)


def test_an_estimator_that_weighs_no_rows_is_refused_before_anything_is_fitted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(BUILT)
    with pytest.raises(UsageError, match="weight = 'w' cannot be used: fit of Seen takes no sample_weight"):
        fitted(tmp_path, table(), weight="w", build="own.py:neighbours", exclude=["wind"])
    assert not (tmp_path / "fitted").exists()
    fitted(tmp_path, table(), build="own.py:neighbours", exclude=["wind", "w"])
    assert (tmp_path / "fitted").exists()


def test_whoever_hands_arguments_on_is_asked_what_it_hands_them_to():
    one = np.ones(3)
    assert list(handed(Ridge(), one, "w")) == ["sample_weight"]
    assert list(handed(make_pipeline(StandardScaler(), Ridge()), one, "w")) == ["ridge__sample_weight"]
    searched = GridSearchCV(make_pipeline(StandardScaler(), LinearRegression()), {})
    assert list(handed(searched, one, "w")) == ["linearregression__sample_weight"]
    assert handed(KNeighborsRegressor(), None, None) == {}
    with pytest.raises(UsageError, match="takes no sample_weight"):
        handed(GridSearchCV(KNeighborsRegressor(), {}), one, "w")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 2.0, None], r"row 7: w is missing; a weight is a finite number, 0 or more"),
        ([1.0, -2.0, -1.0], r"row 6: w = -2; .* \(so in 2 rows\)"),
        ([float("inf"), 1.0, 1.0], "row 5: w = inf"),
        ([0.0, 0.0, 0.0], "is 0 in all 3 rows"),
        (["a", "b", "c"], "holds string, not numbers"),
        ([True, False, True], "holds boolean, not numbers"),
    ],
)
def test_a_column_that_cannot_be_a_weight_is_named_with_its_row(values, said):
    with pytest.raises(TrainingFailed, match=said) as caught:
        check_weights(pa.chunked_array([pa.array(values)]), "w", "rides@1", np.array([4, 5, 6]))
    assert caught.value.facts["column"] == "w"
    assert caught.value.hints == ("mlctl data show rides@1",)


@pytest.mark.parametrize("name", ["mean", "median"])
def test_a_baseline_of_numbers_weighs_what_it_has_learnt(name):
    random = np.random.default_rng(1)
    learnt, times = random.normal(size=50), random.integers(0, 4, 50)
    found = baseline_answers(name, learnt, np.zeros(2), (), learnt_weights=times.astype(float))
    known = baseline_answers(name, np.repeat(learnt, times), np.zeros(2), ())
    assert found.output == pytest.approx(known.output)


def test_a_baseline_of_classes_weighs_what_it_has_learnt():
    learnt, weights = np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 1.0, 9.0])
    found = baseline_answers("prior", learnt, np.zeros(2), ("no", "yes"), learnt_weights=weights)
    assert found.probabilities[0] == pytest.approx([0.25, 0.75])
    assert found.output.tolist() == [1, 1]


SPEC = """\
spec = 1
[project]
name = "small"
[data.rides]
path = "rides.csv"
key = ["id"]
[model.demand]
data = "rides"
target = "y"
weight = "{weight}"
exclude = ["b"]
estimator = "a:B"
{more}
[model.demand.features]
a = {{ type = "number" }}
"""


@pytest.mark.parametrize(
    ("weight", "more", "said"),
    [
        ("y", "", "the weight 'y' is the target"),
        ("id", "", "the weight 'id' is part of the key or the time"),
        ("a", "", "the weight 'a' is a feature"),
        ("b", "", "the weight 'b' is never a feature; leave it out of exclude"),
        ("w", 'retrain = { then = "candidate" }', "served rows carry no weight"),
    ],
)
def test_a_weight_has_no_other_role(weight, more, said):
    with pytest.raises(SpecInvalid) as caught:
        read_spec(SPEC.format(weight=weight, more=more), "mlctl.toml")
    assert said in caught.value.message
    assert read_spec(SPEC.format(weight="w", more=""), "mlctl.toml").model["demand"].weight == "w"


def searched(seed, *, planted, rows=1500):
    """Weights that go with a group, in which errors are of another size where something is planted."""
    random = np.random.default_rng(seed)
    group, other = random.integers(0, 4, rows), random.integers(0, 5, rows)
    weights = np.where(group == 2, 20.0, 1.0) * random.gamma(1.0, 1.0, rows)
    errors = random.normal(size=rows) * (1 + planted * (other == 3))
    data = pa.table({"group": group, "other": other})
    answers = Answers(truth=np.zeros(rows), output=errors, weights=weights)
    return search_slices(data, ["group", "other"], answers, np.arange(rows), seed)


def test_a_weak_slice_of_weighted_rows_is_found_with_its_weighted_loss():
    found = searched(1, planted=1.5)
    assert any("other = 3" in one.where for one in found.found)
    assert found.found[0].value > 1.5 * found.found[0].overall


def test_weights_that_go_with_a_slice_do_not_make_it_a_weak_one():
    told = sum(bool(searched(seed, planted=0.0).found) for seed in range(60))
    assert told <= 8  # 5 % of 60 are 3; at most 8 in 99.6 % of all tries

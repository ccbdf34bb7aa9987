import io
import json
import pickle
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlctl.builtin.flavors.sklearn import FILE, SklearnFlavor
from mlctl.domain.errors import Corrupt, Untrusted

REGRESSION = {"task": "regression", "classes": 0}


def fitted(estimator):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(120, 3))
    return estimator.fit(matrix, matrix[:, 0] ** 2 + matrix[:, 1])


def rewritten(folder, change):
    """The saved file with its schema changed by a function."""
    old = zipfile.ZipFile(io.BytesIO((folder / FILE).read_bytes()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "schema.json":
                schema = json.loads(data)
                data = json.dumps(change(schema) or schema).encode()
            new.writestr(name, data)
    (folder / FILE).write_bytes(buffer.getvalue())


class Own(BaseEstimator):
    def fit(self, matrix, truth):
        del matrix
        self.mean_ = float(np.mean(truth))
        return self

    def predict(self, matrix):
        return np.full(len(matrix), self.mean_)


@pytest.mark.parametrize(
    "estimator",
    [HistGradientBoostingRegressor(max_iter=5, random_state=1), RandomForestRegressor(5, random_state=1)],
)
def test_equal_estimators_give_equal_bytes(estimator, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    SklearnFlavor().save(fitted(estimator), tmp_path / "a")
    SklearnFlavor().save(fitted(estimator), tmp_path / "b")
    assert (tmp_path / "a" / FILE).read_bytes() == (tmp_path / "b" / FILE).read_bytes()


@pytest.mark.parametrize(
    "estimator",
    [Own(), KNeighborsRegressor(algorithm="kd_tree"), make_pipeline(FunctionTransformer(np.exp), Ridge())],
    ids=["the user's own class", "a tree that can't be checked", "a function that is called"],
)
def test_what_load_would_refuse_is_refused_when_it_is_saved(estimator, tmp_path):
    with pytest.raises(Untrusted, match=r"allow-list|without pickle"):
        SklearnFlavor().save(fitted(estimator), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name", "loader"),
    [
        ("os", "system", "FunctionNode"),
        ("builtins", "eval", "TypeNode"),
        ("sklearn.linear_model._ridge", "Ridge", "MethodNode"),
        ("subprocess", "Popen", "ObjectNode"),
        ("numpy.f2py", "compile", "FunctionNode"),
        ("sklearn.datasets._base", "Ridge", "ObjectNode"),
        ("sklearn.linear_model.evil", "Ridge", "ObjectNode"),
        ("sklearn.linear_model._x/../../os", "Ridge", "ObjectNode"),
    ],
)
def test_a_hostile_file_is_refused_before_anything_is_imported_or_built(
    module, name, loader, tmp_path, monkeypatch
):
    SklearnFlavor().save(fitted(Ridge()), tmp_path)

    def plant(schema):
        schema["content"]["content"]["planted"] = {
            "__module__": module,
            "__class__": name,
            "__loader__": loader,
        }

    rewritten(tmp_path, plant)
    monkeypatch.setattr(skops.io, "loads", lambda *_a, **_k: pytest.fail("skops was asked to build it"))
    with pytest.raises(Untrusted, match="allow-list") as raised:
        SklearnFlavor().load(tmp_path, REGRESSION)
    assert raised.value.facts["types"] == [f"{module}.{name}"]


def test_a_pickle_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(pickle.dumps(fitted(Ridge())))
    with pytest.raises(Corrupt, match="not a skops file"):
        SklearnFlavor().load(tmp_path, REGRESSION)


def test_compressed_members_are_refused_so_that_a_file_can_not_swell(tmp_path):
    with zipfile.ZipFile(tmp_path / FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
    with pytest.raises(Corrupt, match="compressed"):
        SklearnFlavor().load(tmp_path, REGRESSION)


def test_members_with_other_names_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / FILE, "w") as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("../evil.npy", b"")
    with pytest.raises(Corrupt, match="evil"):
        SklearnFlavor().load(tmp_path, REGRESSION)


def test_an_array_of_pickled_objects_inside_the_file_is_not_read(tmp_path):
    SklearnFlavor().save(fitted(Ridge()), tmp_path)
    old = zipfile.ZipFile(io.BytesIO((tmp_path / FILE).read_bytes()))
    evil = io.BytesIO()
    np.save(evil, np.array([Own()], dtype=object), allow_pickle=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, evil.getvalue() if name.endswith(".npy") else old.read(name))
    (tmp_path / FILE).write_bytes(buffer.getvalue())
    with pytest.raises(Corrupt):
        SklearnFlavor().load(tmp_path, REGRESSION)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 10_000), ("right", 0), ("feature_idx", 99), ("feature_idx", -1)]
)
def test_boosted_trees_that_point_outside_are_corrupt(field, value, tmp_path):
    estimator = fitted(HistGradientBoostingRegressor(max_iter=2))
    estimator._predictors[1][0].nodes[field][0] = value
    SklearnFlavor().save(estimator, tmp_path)
    with pytest.raises(Corrupt, match="tree"):
        SklearnFlavor().load(tmp_path, REGRESSION)


@pytest.mark.parametrize(("field", "value"), [("left_child", 10_000), ("right_child", 0), ("feature", 99)])
def test_plain_trees_that_point_outside_are_corrupt(field, value, tmp_path):
    estimator = fitted(RandomForestRegressor(3))
    tree = estimator.estimators_[1].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][0] = value
    tree.__setstate__(state)
    SklearnFlavor().save(estimator, tmp_path)
    with pytest.raises(Corrupt, match="tree"):
        SklearnFlavor().load(tmp_path, REGRESSION)


def test_a_forest_with_a_tree_that_was_grown_on_more_columns_than_the_forest_has_is_corrupt(tmp_path):
    estimator = fitted(RandomForestRegressor(3, random_state=0))
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(200, 40))
    estimator.estimators_[1] = RandomForestRegressor(1).fit(wide, wide[:, 30]).estimators_[0]
    SklearnFlavor().save(estimator, tmp_path)
    with pytest.raises(Corrupt, match="feature outside"):
        SklearnFlavor().load(tmp_path, REGRESSION)


def test_forests_answer_in_one_thread_so_that_sums_do_not_change(tmp_path):
    estimator = fitted(RandomForestRegressor(20, n_jobs=4))
    SklearnFlavor().save(estimator, tmp_path)
    predictor = SklearnFlavor().load(tmp_path, REGRESSION)
    matrix = np.random.default_rng(1).normal(size=(500, 3))
    first = predictor.predict(matrix)
    assert all(np.array_equal(first, predictor.predict(matrix)) for _ in range(5))

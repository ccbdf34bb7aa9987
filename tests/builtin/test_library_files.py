"""Model files of other libraries: what is odd in them is told before the library's own parser sees it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from xgboost import XGBClassifier, XGBRegressor

from mlctl.contracts.registry import load
from mlctl.domain.errors import Corrupt, Untrusted

FUZZ = Path(__file__).with_name("damaged.py")
QUIET = {"n_estimators": 3, "n_jobs": 1, "random_state": 1}
LEAVES = {**QUIET, "verbosity": -1, "num_leaves": 6}


def rows(classes=0):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(240, 5))
    matrix[:, 3] = random.integers(0, 6, 240)
    signal = matrix[:, 0] + matrix[:, 1] ** 2 + 2 * (matrix[:, 3] % 2)
    return matrix, np.digitize(signal, np.linspace(0, 3, classes - 1)) if classes else signal


def stored(name, estimator, folder, classes=0, **fit):
    folder.mkdir()
    flavor = load("flavors", name)
    flavor.save(estimator.fit(*rows(classes), **fit), folder)
    return flavor, {"task": "multiclass" if classes else "regression", "classes": classes}


@pytest.fixture
def gain(tmp_path):
    """A LightGBM regression with a split by categories: flavor, options, file."""
    folder = tmp_path / "model"
    return *stored("lightgbm", LGBMRegressor(**LEAVES), folder, categorical_feature=[3]), folder / "model.txt"


@pytest.fixture
def extreme(tmp_path):
    """An XGBoost regression: flavor, options, file."""
    folder = tmp_path / "model"
    return *stored("xgboost", XGBRegressor(**QUIET, max_depth=2), folder), folder / "model.json"


FIRST = r"(?s)(.*?\n{}=)(\S+)(.*)"


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("max_feature_idx", "2147483647", "features"),
        ("max_feature_idx", "1", "does not name its 2 features"),
        ("num_class", "2147483647", "answers a row"),
        ("objective", "custom", "objective that is not known"),
        ("tree_sizes", "9223372036", "bytes"),
        ("num_leaves", "2147483647", "leaves"),
        ("split_feature", "77", "feature or a kind of split"),
        ("left_child", "99", "no tree"),
        ("left_child", "0", "no tree"),
        ("right_child", "-99", "no tree"),
        ("decision_type", "99", "kind of split"),
        ("cat_boundaries", "5", "categories"),
        ("num_cat", "0", "categories"),
        ("leaf_value", "1e9e9", "something else than numbers"),
        ("is_linear", "1", "linear leaves"),
    ],
)
def test_a_lightgbm_file_that_would_end_the_process_is_corrupt(gain, key, value, complaint):
    flavor, options, file = gain
    text = file.read_text()
    changed = re.sub(FIRST.format(key), rf"\g<1>{value}\g<3>", text, count=1)
    assert changed != text
    file.write_text(sized(changed) if key != "tree_sizes" else changed)
    with pytest.raises(Corrupt, match=complaint):
        flavor.load(file.parent, options)


def sized(text):
    """The text with the sizes of its trees put right, so that what is inside them is looked at."""
    blocks = re.findall(r"(?s)(Tree=.*?)(?=Tree=|end of trees)", text)
    sizes = " ".join(str(len(block)) for block in blocks)
    return re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", text)


def test_a_lightgbm_file_with_a_line_of_another_kind_is_corrupt(gain):
    flavor, options, file = gain
    file.write_text(file.read_text().replace("tree\n", "tree\nforcedsplits_filename=/etc/passwd\n", 1))
    with pytest.raises(Corrupt, match="does not write"):
        flavor.load(file.parent, options)


def at(tree, *path):
    for name in path[:-1]:
        tree = tree[name]
    return tree, path[-1]


BOOSTER = ("learner", "gradient_booster", "model")


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ((*BOOSTER, "trees", 0, "left_children", 0), 99, "left_children"),
        ((*BOOSTER, "trees", 0, "left_children", 0), 0, "no tree"),
        ((*BOOSTER, "trees", 0, "right_children", 0), -1, "no tree"),
        ((*BOOSTER, "trees", 0, "split_indices", 0), 77, "feature that is not there"),
        ((*BOOSTER, "trees", 0, "tree_param", "num_nodes"), "2147483647", "does not list"),
        ((*BOOSTER, "trees", 0, "split_conditions"), "AAAA", "does not list"),
        ((*BOOSTER, "trees", 0, "parents", 1), 2, "no tree"),
        ((*BOOSTER, "tree_info", 0), 7, "tree_info"),
        ((*BOOSTER, "gbtree_model_param", "num_trees"), "2147483647", "as many trees"),
        ((*BOOSTER, "iteration_indptr", 1), 3, "rounds"),
        ((*BOOSTER, "cats"), {"enc": [1]}, "categories"),
        ((*BOOSTER, "cats"), [1], "categories"),
        ((*BOOSTER, "trees"), {}, "as many trees"),
        ((*BOOSTER, "trees", 0), [], "something else than an object"),
        (("learner",), [], "something else than an object"),
        (("learner", "objective", "name"), [], "objective that is not known"),
        (("learner", "learner_model_param", "num_feature"), "2147483647", "num_feature"),
        (("learner", "learner_model_param", "num_class"), "999999", "answers a row"),
        (("learner", "learner_model_param", "base_score"), "nan", "base score"),
        (("learner", "objective"), {"name": "custom"}, "objective that is not known"),
        (("learner", "attributes"), {"best_iteration": "77"}, "the best"),
        (("learner", "plugin"), {"library": "evil.so"}, "plugin"),
        (("version",), [3, 2], "version"),
    ],
)
def test_an_xgboost_file_that_would_end_the_process_is_corrupt(extreme, path, value, complaint):
    flavor, options, file = extreme
    model = json.loads(file.read_bytes())
    part, last = at(model, *path)
    part[last] = value
    file.write_text(json.dumps(model))
    with pytest.raises(Corrupt, match=complaint):
        flavor.load(file.parent, options)


def test_an_xgboost_file_in_which_a_key_stands_twice_is_corrupt(extreme):
    flavor, options, file = extreme
    file.write_text(file.read_text().replace('"num_class":"0"', '"num_class":"0","num_class":"0"'))
    with pytest.raises(Corrupt, match="twice"):
        flavor.load(file.parent, options)


@pytest.mark.parametrize(
    "text", ["[0, 1, 99]", "[1, 0, 2]", "[0, 0, 2]", "[true, 1, 2]", "{}", "[]", "[[", ""]
)
def test_classes_that_the_model_cannot_have_are_corrupt(tmp_path, text):
    flavor, options = stored("lightgbm", LGBMClassifier(**LEAVES), tmp_path / "model", 3)
    (tmp_path / "model" / "classes.json").write_text(text)
    with pytest.raises(Corrupt, match=r"classes\.json"):
        flavor.load(tmp_path / "model", options)


@pytest.mark.parametrize(
    ("name", "estimator"),
    [
        ("lightgbm", LGBMRegressor(**LEAVES, linear_tree=True)),
        (
            "lightgbm",
            LGBMRegressor(**LEAVES, objective=lambda truth, output: (output - truth, truth * 0 + 1)),
        ),
        ("xgboost", XGBRegressor(**QUIET, missing=0.0)),
        ("xgboost", XGBRegressor(**QUIET, enable_categorical=True, feature_types=["q", "q", "q", "c", "q"])),
    ],
)
def test_what_could_not_be_read_back_as_it_was_is_not_stored(tmp_path, name, estimator):
    with pytest.raises(Untrusted):
        stored(name, estimator, tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_equal_fits_give_equal_files(tmp_path):
    for number, (name, kind, settings) in enumerate(
        [("lightgbm", LGBMClassifier, LEAVES), ("xgboost", XGBClassifier, QUIET)] * 2
    ):
        stored(name, kind(**settings), tmp_path / f"{name}{number // 2}", 3)
    for name, file in (("lightgbm", "model.txt"), ("xgboost", "model.json")):
        first, second = (tmp_path / f"{name}{number}" / file for number in (0, 1))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("name", "estimator", "classes", "fit"),
    [
        ("lightgbm", LGBMRegressor(**LEAVES), 0, {"categorical_feature": [3]}),
        ("lightgbm", LGBMClassifier(**LEAVES), 3, {}),
        ("xgboost", XGBRegressor(**QUIET, max_depth=3), 0, {}),
        ("xgboost", XGBClassifier(**QUIET, max_depth=3, booster="dart"), 3, {}),
    ],
    ids=["lightgbm", "lightgbm-classes", "xgboost", "xgboost-classes"],
)
def test_damage_of_any_kind_is_refused_or_harmless(tmp_path, name, estimator, classes, fit):
    _, options = stored(name, estimator, tmp_path / "model", classes, **fit)
    words = [name, str(tmp_path / "model"), options["task"], str(classes), "5", "300"]
    done = subprocess.run([sys.executable, str(FUZZ), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    assert counts["refused"] > 200
    assert counts["loaded"] > 0

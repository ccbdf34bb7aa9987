"""XGBoost's JSON model, checked and written anew before XGBoost's own parser sees it.

That parser follows what it reads: children and features by number, sizes by what the file says. Here every
key is known, every list has its length, every tree is a tree; what is handed on is made of the checked parts.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from mlctl.domain.errors import Corrupt

FILE = "model.json"
MOST_FEATURES = 1_000_000
_OBJECTIVES = [
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "reg:gamma",
    "reg:tweedie",
    "count:poisson",
    "binary:logistic",
    "multi:softprob",
    "multi:softmax",
]
_NUMBERS = re.compile(r"\[?-?[0-9.eE+-]{1,30}(?:,-?[0-9.eE+-]{1,30})*\]?")
_WORD = re.compile(r"[a-z_]{1,40}")
_NO_PARENT = 2**31 - 1
_FLOATS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_WHOLES = ("default_left", "left_children", "right_children", "parents", "split_indices", "split_type")
_NO_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


def checked(data: bytes, outputs: int) -> tuple[bytes, int | None]:
    """The model in canonical JSON, all of it checked; and the best round of an early stop, or None.

    Args:
        data: of the file.
        outputs: numbers that the model gives a row: 1, or the number of classes where they are more than two.

    Raises:
        Corrupt: with the first thing that does not hold.
    """
    try:
        model = json.loads(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _corrupt(f"is no JSON model: {error}") from error
    _keys(model, "the model", {"learner", "version"}, set())
    learner = model["learner"]
    _keys(
        learner,
        "learner",
        {"attributes", "gradient_booster", "learner_model_param", "objective"},
        {"feature_names", "feature_types"},
    )
    version = _wholes(model["version"], "version", 3, 0, 1000)
    features = _check_parameters(learner["learner_model_param"], outputs)
    _check_objective(learner["objective"])
    attributes = learner["attributes"]
    _keys(attributes, "attributes", set(), {"best_iteration", "best_score", "scikit_learn"})
    best = attributes.get("best_iteration")
    if best is not None and not (isinstance(best, str) and re.fullmatch(r"[0-9]{1,9}", best)):
        raise _corrupt("has a best iteration that is no number")
    booster = learner["gradient_booster"]
    rounds = _check_booster(booster, features, outputs)
    if best is not None and rounds is not None and int(best) >= rounds:
        raise _corrupt(f"has {rounds} rounds and says that round {best} is the best")
    learner = {
        "attributes": {} if best is None else {"best_iteration": best},
        "feature_names": [],
        "feature_types": [],
        **{name: learner[name] for name in ("gradient_booster", "learner_model_param", "objective")},
    }
    canonical = json.dumps(
        {"learner": learner, "version": version.tolist()}, sort_keys=True, separators=(",", ":")
    )
    return canonical.encode("ascii"), None if best is None else int(best)


def _check_parameters(found: Any, outputs: int) -> int:
    """The number of features."""
    _keys(
        found,
        "learner_model_param",
        {"base_score", "num_class", "num_feature"},
        {"boost_from_average", "num_target"},
    )
    features = _number(found, "num_feature", 1, MOST_FEATURES)
    classes = _number(found, "num_class", 0, 1_000_000)
    targets = _number({"num_target": "1", **found}, "num_target", 1, 1)
    if max(classes, targets) != outputs:
        raise _corrupt(f"gives {max(classes, targets)} answers a row, not {outputs}")
    _number({"boost_from_average": "1", **found}, "boost_from_average", 0, 1)
    scores = found["base_score"]
    if not isinstance(scores, str) or not _NUMBERS.fullmatch(scores):
        raise _corrupt("has a base score that is no number")
    if scores.count(",") + 1 not in {1, outputs}:
        raise _corrupt(f"has {scores.count(',') + 1} base scores for {outputs} answers a row")
    return features


def _check_objective(found: Any) -> None:
    if not isinstance(found, dict) or str(found.get("name")) not in _OBJECTIVES:
        name = found.get("name") if isinstance(found, dict) else None
        raise _corrupt(f"has an objective that is not known: {str(name)[:60]!r}")
    for name, values in found.items():
        if name == "name":
            continue
        plain = isinstance(values, dict) and all(
            _WORD.fullmatch(key) and isinstance(value, str) and _NUMBERS.fullmatch(value)
            for key, value in values.items()
        )
        if not _WORD.fullmatch(name) or not plain:
            raise _corrupt(f"has settings of its objective that are no numbers: {name[:40]!r}")


def _check_booster(found: Any, features: int, outputs: int) -> int | None:
    """The number of rounds, where they are counted."""
    name = found.get("name") if isinstance(found, dict) else None
    if name == "gblinear":
        _keys(found, "gblinear", {"model", "name"}, set())
        _keys(found["model"], "gblinear", {"weights", "boosted_rounds"}, set())
        _floats(found["model"]["weights"], "weights", (features + 1) * outputs)
        _wholes([found["model"]["boosted_rounds"]], "boosted_rounds", 1, 0, 2**31 - 1)
        return None
    if name == "dart":
        _keys(found, "dart", {"gbtree", "name", "weight_drop"}, set())
        rounds, trees = _check_trees(found["gbtree"], features, outputs)
        _floats(found["weight_drop"], "weight_drop", trees)
        return rounds
    if name == "gbtree":
        return _check_trees(found, features, outputs)[0]
    raise _corrupt(f"has a booster that is not known: {str(name)[:40]!r}")


def _check_trees(found: Any, features: int, outputs: int) -> tuple[int, int]:
    """The numbers of rounds and of trees."""
    _keys(found, "gbtree", {"model", "name"}, set())
    if found["name"] != "gbtree":
        raise _corrupt("has trees of another booster")
    model = found["model"]
    _keys(model, "gbtree", {"gbtree_model_param", "tree_info", "trees"}, {"iteration_indptr", "cats"})
    parameters = model["gbtree_model_param"]
    _keys(parameters, "gbtree_model_param", {"num_trees"}, {"num_parallel_tree", "size_leaf_vector"})
    trees = model["trees"]
    if not isinstance(trees, list) or _number(parameters, "num_trees", 0, 2**31 - 1) != len(trees):
        raise _corrupt("does not hold as many trees as it says")
    each = _number({"num_parallel_tree": "1", **parameters}, "num_parallel_tree", 1, max(1, len(trees)))
    _number({"size_leaf_vector": "0", **parameters}, "size_leaf_vector", 0, 1)
    _wholes(model["tree_info"], "tree_info", len(trees), 0, outputs)
    if len(trees) % (each * outputs):
        raise _corrupt(f"holds {len(trees)} trees, {each * outputs} a round")
    rounds = len(trees) // (each * outputs)
    starts = model.get("iteration_indptr", [number * each * outputs for number in range(rounds + 1)])
    places = _wholes(starts, "iteration_indptr", rounds + 1, 0, len(trees) + 1)
    if not np.array_equal(places, np.arange(rounds + 1) * each * outputs):
        raise _corrupt("has rounds of other sizes than its trees")
    categories = model.get("cats", {})
    if not isinstance(categories, dict) or any(categories.values()):
        raise _corrupt("holds categories, which mlctl does not write")
    for number, tree in enumerate(trees):
        _check_tree(number, tree, features)
    return rounds, len(trees)


def _check_tree(number: int, tree: Any, features: int) -> None:
    where = f"tree {number}"
    _keys(tree, where, {*_FLOATS, *_WHOLES, "id", "tree_param"}, set(_NO_CATEGORIES))
    parameters = tree["tree_param"]
    _keys(parameters, where, {"num_nodes", "num_feature"}, {"num_deleted", "size_leaf_vector"})
    nodes = _number(parameters, "num_nodes", 1, 2**31 - 1)
    same = _number(parameters, "num_feature", 0, MOST_FEATURES) == features and tree["id"] == number
    _number({"size_leaf_vector": "1", **parameters}, "size_leaf_vector", 0, 1)
    if not same or any(tree.get(name) for name in _NO_CATEGORIES):
        raise _corrupt(f"has a {where} of another model, or one that splits by categories")
    for name in _FLOATS:
        _floats(tree[name], f"{name} of {where}", nodes)
    _wholes(tree["default_left"], f"default_left of {where}", nodes, 0, 2)
    _wholes(tree["split_type"], f"split_type of {where}", nodes, 0, 1)
    left = _wholes(tree["left_children"], f"left_children of {where}", nodes, -1, nodes)
    right = _wholes(tree["right_children"], f"right_children of {where}", nodes, -1, nodes)
    parents = _wholes(tree["parents"], f"parents of {where}", nodes, 0, 2**31)
    split = _wholes(tree["split_indices"], f"split_indices of {where}", nodes, 0, 2**32)
    inner = np.flatnonzero(left != -1)
    children = np.concatenate([left[inner], right[inner]])
    above = np.tile(inner, 2)
    proper = (
        np.array_equal(inner, np.flatnonzero(right != -1))
        and (children > above).all()
        and len(np.unique(children)) == len(children)
        and np.array_equal(parents[children], above)
        and parents[0] == _NO_PARENT
        and (split[inner] < features).all()
    )
    if not proper:
        raise _corrupt(f"has a {where} whose nodes are no tree, or that asks for a feature that is not there")
    gone = _number({"num_deleted": "0", **parameters}, "num_deleted", 0, nodes)
    if len(children) + 1 + gone != nodes:
        raise _corrupt(f"has nodes in {where} that nothing leads to")


def _keys(found: Any, where: str, wanted: set[str], more: set[str]) -> None:
    if not isinstance(found, dict):
        raise _corrupt(f"has something else than an object for {where}")
    odd = (set(found) - wanted - more) | (wanted - set(found))
    if odd:
        raise _corrupt(f"has keys in {where} that mlctl does not know, or lacks them: {min(odd)[:40]!r}")


def _number(found: dict[str, Any], name: str, low: int, high: int) -> int:
    value = found[name]
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        raise _corrupt(f"has a {name} of {str(value)[:20]!r}; it is {low} to {high}")
    return int(value)


def _floats(found: Any, name: str, count: int) -> None:
    _listed(found, name, count, (int, float))


def _wholes(found: Any, name: str, count: int, low: int, below: int) -> Any:
    values = _listed(found, name, count, (int,))
    if values and not low <= min(values) <= max(values) < below:
        raise _corrupt(f"has {name} outside {low} to {below - 1}")
    return np.array(values, dtype=np.int64)


def _listed(found: Any, name: str, count: int, kinds: tuple[type, ...]) -> list[Any]:
    if not isinstance(found, list) or len(found) != count or not all(type(one) in kinds for one in found):
        raise _corrupt(f"does not list {count} numbers of {name}")
    return found


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:40]!r} stands there twice")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _corrupt(what: str) -> Corrupt:
    return Corrupt(f"{FILE} {what}", file=FILE)

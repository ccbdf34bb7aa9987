"""Bounds of trees: scikit-learn follows the indices in a tree's nodes unseen, so they are checked first.

Works on the arrays alone; every child must come later than its parent, which rules out cycles as well.
"""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.tree._tree import Tree

from mlctl.domain.errors import Corrupt

_LEAF = -1
_REMAKING = (Pipeline, FeatureUnion, ColumnTransformer)
"""Estimators whose parts see other columns than they do."""
_BITSET_WORDS = 8


def check_trees(estimator: Any) -> None:
    """Check every tree inside a constructed estimator.

    Raises:
        Corrupt: a node points outside its tree or to a feature that the estimator doesn't have.
    """
    for tree, features in _trees(estimator):
        if isinstance(tree, TreePredictor):
            _check_boosted(tree, features)
        else:
            _check_plain(tree, features)


def _trees(root: Any) -> list[tuple[Any, int]]:
    """Trees, each with the number of columns handed to it: of the outermost estimator that passes them on."""
    found: list[tuple[Any, int]] = []
    seen: set[int] = set()
    stack: list[tuple[Any, int]] = [(root, 0)]
    while stack:
        item, features = stack.pop()
        if id(item) in seen or isinstance(item, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(item))
        if isinstance(item, (Tree, TreePredictor)):
            found.append((item, features))
        elif isinstance(item, dict):
            stack.extend((value, features) for value in item.values())
        elif isinstance(item, (list, tuple, set)):
            stack.extend((value, features) for value in item)
        elif isinstance(item, np.ndarray):
            if item.dtype == object:
                stack.extend((value, features) for value in item.ravel().tolist())
        elif hasattr(item, "__dict__"):
            own = int(getattr(item, "_n_features", 0) or getattr(item, "n_features_in_", 0) or features)
            inner = 0 if isinstance(item, _REMAKING) else min(own, features or own)
            stack.extend((value, inner) for value in vars(item).values())
    return found


def _check_boosted(tree: Any, features: int) -> None:
    nodes = tree.nodes
    if (
        not isinstance(nodes, np.ndarray)
        or nodes.dtype != PREDICTOR_RECORD_DTYPE
        or nodes.ndim != 1
        or not len(nodes)
    ):
        raise Corrupt("a boosted tree's nodes are not the array they should be")
    inner = nodes[nodes["is_leaf"] == 0]
    at = np.flatnonzero(nodes["is_leaf"] == 0)
    _check_children(at, inner["left"].astype(np.int64), inner["right"].astype(np.int64), len(nodes))
    if len(inner) and (inner["feature_idx"].min() < 0 or inner["feature_idx"].max() >= features):
        raise Corrupt(f"a boosted tree's node asks for a feature outside of the model's {features}")
    for name in ("raw_left_cat_bitsets", "binned_left_cat_bitsets"):
        bits = getattr(tree, name)
        if not isinstance(bits, np.ndarray) or bits.ndim != 2 or bits.dtype != np.uint32:  # noqa: PLR2004 (a matrix)
            raise Corrupt("a boosted tree's categories are not the array they should be")
        split = inner["bitset_idx"][inner["is_categorical"] != 0]
        if len(split) and (split.max() >= bits.shape[0] or bits.shape[1] != _BITSET_WORDS):
            raise Corrupt("a boosted tree's node asks for categories outside of the tree's")


def _check_plain(tree: Any, handed: int) -> None:
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    at = np.flatnonzero(left != _LEAF)
    _check_children(at, left[at], right[at], len(left))
    wanted = np.asarray(tree.feature)[at]
    features = min(tree.n_features, handed or tree.n_features)
    if len(wanted) and (wanted.min() < 0 or wanted.max() >= features):
        raise Corrupt(f"a tree's node asks for a feature outside of the model's {features}")


def _check_children(at: Any, left: Any, right: Any, count: int) -> None:
    for child in (left, right):
        if len(child) and (child.max() >= count or bool((child <= at).any())):
            raise Corrupt("a tree's node points outside of its tree, or back")

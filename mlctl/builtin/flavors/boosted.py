"""Histogram gradient boosting, bit for bit as scikit-learn answers, without its overhead for a few rows.

scikit-learn calls into each tree once a batch (about 4 microseconds a tree and call, measured with 1.9). For
a few
rows all trees are walked together instead: one numpy step a level. Sums run in scikit-learn's order, tree by
tree.
"""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data

_FEW = 16


def is_plain_boosting(estimator: Any) -> bool:
    """Whether it is scikit-learn's own class, with splits on numbers alone."""
    if type(estimator) not in {HistGradientBoostingClassifier, HistGradientBoostingRegressor}:
        return False
    if getattr(estimator, "_preprocessor", None) is not None or estimator.is_categorical_ is not None:
        return False
    return not any(tree.nodes["is_categorical"].any() for trees in estimator._predictors for tree in trees)  # noqa: SLF001 (no public way to the trees)


class BoostedPredictor:
    """Answers of a fitted HistGradientBoosting estimator; a `contracts.flavor.Predictor`."""

    def __init__(self, estimator: Any, task: str, classes: int) -> None:
        self._loss = estimator._loss  # noqa: SLF001 (its link turns raw sums into answers)
        self._regression = task == "regression"
        self._count = classes
        self._classes = None if self._regression else np.asarray(estimator.classes_, dtype=np.int64)
        self._start = np.ravel(np.asarray(estimator._baseline_prediction, dtype=np.float64))  # noqa: SLF001 (as above)
        self._trees = [list(trees) for trees in estimator._predictors]  # noqa: SLF001 (as above)
        self._bits, self._places = estimator._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001 (as above)
        self._pack()

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        raw = self._raw(matrix)
        if self._classes is None:
            return self._loss.link.inverse(raw[:, 0])
        codes = (raw[:, 0] > 0).astype(np.int64) if raw.shape[1] == 1 else np.argmax(raw, axis=1)
        return self._classes[codes]

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        if self._classes is None:
            return None
        known = self._loss.predict_proba(self._raw(matrix))
        if len(self._classes) >= self._count:
            return known
        whole = np.zeros((len(known), self._count))
        whole[:, self._classes] = known
        return whole

    def _raw(self, matrix: Any) -> Any:
        """Sums over the trees, shape (rows, trees of an iteration)."""
        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        if len(matrix) > _FEW or self._trees == []:
            return self._raw_many(matrix)
        return (
            np.stack([self._raw_row(row) for row in matrix])
            if len(matrix)
            else np.empty((0, len(self._start)))
        )

    def _raw_many(self, matrix: Any) -> Any:
        raw = np.zeros((len(matrix), len(self._start)), order="F")
        raw += self._start
        out = np.empty(len(matrix))
        for trees in self._trees:
            for place, tree in enumerate(trees):
                _predict_from_raw_data(
                    tree.nodes, matrix, tree.raw_left_cat_bitsets, self._bits, self._places, 1, out
                )
                raw[:, place] += out
        return raw

    def _raw_row(self, row: Any) -> Any:
        at = self._roots
        missing = np.isnan(row)
        any_missing = bool(missing.any())
        for _ in range(self._depth):
            feature = self._feature[at]
            left = row[feature] <= self._threshold[at]
            if any_missing:
                left = np.where(missing[feature], self._missing_left[at], left)
            at = self._child[2 * at + left]
        terms = np.vstack([self._start, self._value[at].reshape(-1, len(self._start))])
        return np.cumsum(terms, axis=0)[-1]

    def _pack(self) -> None:
        """All trees in one array; a leaf is its own child, so that all walks take as many steps."""
        trees = [tree.nodes for group in self._trees for tree in group]
        if not trees:
            return
        sizes = [len(nodes) for nodes in trees]
        self._roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        nodes = np.concatenate(trees)
        base = np.repeat(self._roots, sizes)
        leaf = nodes["is_leaf"] != 0
        own = np.arange(len(nodes))
        left = np.where(leaf, own, nodes["left"] + base)
        right = np.where(leaf, own, nodes["right"] + base)
        self._child = np.stack([right, left], axis=1).ravel()
        self._feature = np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64)
        self._threshold = np.where(leaf, np.inf, nodes["num_threshold"])
        self._missing_left = nodes["missing_go_to_left"] != 0
        self._value = nodes["value"].copy()
        self._depth = int(nodes["depth"].max())

"""Estimators of somebody's own, as a project would have them."""

import numpy as np
import onnx
import onnxruntime
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression, Ridge


class Line:
    """Least squares over numpy alone."""

    def fit(self, matrix, target):
        wide = np.c_[matrix, np.ones(len(matrix))]
        self.weights = np.linalg.lstsq(wide, target, rcond=None)[0]
        self.notes = {"rows": len(matrix), "shape": matrix.shape, 3: [None, True, float("inf"), np.int64(7)]}
        return self

    def predict(self, matrix):
        return (matrix * self.weights[:-1]).sum(axis=1) + self.weights[-1]


class Means:
    """The nearest mean of the classes; says itself what it keeps."""

    def fit(self, matrix, target):
        self.classes_ = np.unique(target)
        self.means = np.stack([matrix[target == one].mean(axis=0) for one in self.classes_])
        self.scratch = object()
        return self

    def predict_proba(self, matrix):
        far = ((matrix[:, None] - self.means) ** 2).sum(axis=2)
        chances = np.exp(far.min(axis=1, keepdims=True) - far)
        return chances / chances.sum(axis=1, keepdims=True)

    def predict(self, matrix):
        return self.classes_[np.argmax(self.predict_proba(matrix), axis=1)]

    def get_state(self):
        return {"classes": self.classes_, "means": self.means}

    def set_state(self, state):
        self.classes_, self.means = state["classes"], state["means"]


class Halves:
    """A model for the low rows and one for the high ones, of two libraries, on a logarithm."""

    def fit(self, matrix, target):
        self.low = float(target.min())
        wide = np.log1p(target - self.low)
        self.models = {"low": Ridge(), "high": LGBMRegressor(n_estimators=5, n_jobs=1, verbosity=-1)}
        for name, rows in self._sides(matrix):
            self.models[name].fit(matrix[rows], wide[rows])
        return self

    def predict(self, matrix):
        answers = np.empty(len(matrix))
        for name, rows in self._sides(matrix):
            answers[rows] = self.models[name].predict(matrix[rows]) if rows.any() else 0
        return np.expm1(answers) + self.low

    @staticmethod
    def _sides(matrix):
        high = matrix[:, 1] > 0
        return [("low", ~high), ("high", high)]


class Voters:
    """The mean of two classifiers' probabilities."""

    def fit(self, matrix, target):
        self.voters = [LogisticRegression(), LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1)]
        for one in self.voters:
            one.fit(matrix, target)
        return self

    def predict_proba(self, matrix):
        return sum(one.predict_proba(matrix) for one in self.voters) / len(self.voters)

    def predict(self, matrix):
        return np.argmax(self.predict_proba(matrix), axis=1)


class Graph:
    """Least squares as an ONNX graph; of classes, the softmax of one line each."""

    def __init__(self, classes=0, rows=None):
        self.classes, self.rows = classes, rows

    def fit(self, matrix, target):
        wanted = np.eye(self.classes)[target] if self.classes else target[:, None]
        weights = np.linalg.lstsq(np.c_[matrix, np.ones(len(matrix))], wanted, rcond=None)[0].astype("f4")
        end = "Softmax" if self.classes else "Identity"
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["a"]),
            helper.make_node("Add", ["a", "b"], ["s"]),
            helper.make_node(end, ["s"], ["y"]),
        ]
        given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [self.rows, matrix.shape[1]])
        wide = helper.make_tensor_value_info("y", TensorProto.FLOAT, [self.rows, max(1, self.classes)])
        tensors = [numpy_helper.from_array(weights[:-1], "w"), numpy_helper.from_array(weights[-1], "b")]
        self.onnx_bytes = bytes_of(helper.make_graph(nodes, "line", [given], [wide], tensors))
        self.session = onnxruntime.InferenceSession(self.onnx_bytes)
        return self

    def predict_proba(self, matrix):
        size = self.rows or len(matrix)
        parts = [matrix[place : place + size].astype("f4") for place in range(0, len(matrix), size)]
        return np.concatenate([self.session.run(None, {"x": part})[0] for part in parts]).astype("f8")

    def predict(self, matrix):
        answers = self.predict_proba(matrix)
        return np.argmax(answers, axis=1) if self.classes else answers[:, 0]


def bytes_of(graph, **more):
    """A model of a graph."""
    version = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[version], ir_version=9, **more).SerializeToString()

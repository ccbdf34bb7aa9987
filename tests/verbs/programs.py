"""Programs that train, for the small project of `learner`."""

from tests.verbs.learner import GATES, RIDGE, spec

RIDGES = """\
import mlctl
from sklearn.linear_model import Ridge

with mlctl.run() as run:
    matrix, target = run.load()
    for step in range(5):
        run.log(step=step, loss=1 / (step + 1))
    print("fitting", *matrix.shape, "alpha", run.params["alpha"])
    run.save(Ridge(**run.params).fit(matrix, target))
"""
LINE = """\
import numpy as np


class Line:
    def fit(self, matrix, target):
        self.weights = np.linalg.lstsq(np.c_[matrix, np.ones(len(matrix))], target, rcond=None)[0]
        return self

    def predict(self, matrix):
        return (matrix * self.weights[:-1]).sum(axis=1) + self.weights[-1]
"""
LINES = """\
import mlctl
from own import Line

with mlctl.run() as run:
    matrix, target = run.load()
    for step in range(5):
        run.log(step=step, loss=1 / (step + 1))
    print("alpha", run.params["alpha"])
    run.save(Line().fit(matrix, target), flavor="python")
"""
"""Needs no scikit-learn, so it begins in a fifth of the time."""


def command_spec(*words, params="{ alpha = 0.5 }", refit="none", gates=GATES, more=""):
    """The small project's spec, trained by a program; `python train.py` by default."""
    listed = ", ".join(f'"{word}"' for word in words or ("python", "train.py"))
    text = spec(params=params, refit=refit, gates=gates)
    return text.replace(f'estimator = "{RIDGE}"', f"command = [{listed}]\n{more}")

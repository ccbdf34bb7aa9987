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


def command_spec(*words, params="{ alpha = 0.5 }", refit="none", gates=GATES, more=""):
    """The small project's spec, trained by a program; `python train.py` by default."""
    listed = ", ".join(f'"{word}"' for word in words or ("python", "train.py"))
    text = spec(params=params, refit=refit, gates=gates)
    return text.replace(f'estimator = "{RIDGE}"', f"command = [{listed}]\n{more}")

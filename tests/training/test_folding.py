"""Cross-validation of a run: what each fold learns and tests, and where its figures are found again."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow.csv import read_csv
from sklearn.linear_model import Ridge

from mlctl.domain.errors import SpecInvalid
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.runs import runs
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.verbs.learner import spec


def in_folds(text, split):
    before, _, after = text.partition("[model.demand.split]")
    rest = after.partition("[model.demand.eval]")[2]
    return f"{before}[model.demand.split]\n{split}\n\n[model.demand.eval]{rest}"


def trained(project, split, text=None):
    project.write("mlctl.toml", in_folds(text or spec(), split))
    return train(project.session(), TrainRequest()).data


def run_of(project, result):
    return project.session().repository.facts.where(Run, run=result.run)[0][1]


def test_walking_forward_gives_each_fold_the_error_of_a_fit_on_its_own_past(learner):
    made = trained(learner, 'by = "time"\ntest = "15%"\nembargo = "5d"\nfolds = 4')
    table = read_csv(learner.root / "data/rides.csv")
    x = np.column_stack([table.column("temp").to_numpy(), table.column("wind").to_numpy()])
    y = table.column("rides").to_numpy()
    expected = []
    for back in (4, 3, 2, 1):
        start = int(400 * (1 - 0.15 * back))
        stop = int(400 * (1 - 0.15 * (back - 1)))
        learnt, tested = slice(0, start - 5), slice(start, stop)
        mean, spread = x[learnt].mean(axis=0), x[learnt].std(axis=0)
        line = Ridge().fit((x[learnt] - mean) / spread, y[learnt])
        expected.append(np.abs(line.predict((x[tested] - mean) / spread) - y[tested]).mean())
    told = run_of(learner, made).notes["folds"]
    assert [one["metrics"]["mae"] for one in told] == pytest.approx(expected, rel=1e-9)
    assert made.folds["mae"].mean == pytest.approx(np.mean(expected))
    assert made.folds["mae"].spread == pytest.approx(np.std(expected, ddof=1))
    assert made.metrics["mae"] == told[-1]["metrics"]["mae"], "the plain metric stays that of the version"
    assert [one["train"] for one in told] == [155, 215, 275, 335]
    assert told[0]["last"] < told[1]["first"]


def test_the_figures_of_the_folds_stand_in_runs_and_show_and_can_be_filtered_by(learner):
    made = trained(learner, 'by = "random"\ntest = "20%"\nfolds = 5')
    listed = runs(learner.session(), RunsRequest(where="folds.mae < 2 and spread.mae > 0")).data.runs
    assert [row.folds for row in listed] == [made.folds]
    assert set(listed[0].metrics) == {"mae", "r2"}
    shown = show(learner.session(), ShowRequest(selector=f"run:{made.run}")).data.record
    assert shown["metrics"]["folds.mae"] == made.folds["mae"].mean
    assert len(shown["notes"]["folds"]) == 5
    assert sum(one["test"] for one in shown["notes"]["folds"]) == 400


def test_folds_change_neither_the_version_nor_its_gates(learner):
    alone = trained(learner, 'by = "random"\ntest = "20%"')
    folded = trained(learner, 'by = "random"\ntest = "20%"\nfolds = 5')
    assert folded.metrics == alone.metrics
    assert not alone.folds
    evaluate(learner.session(), EvalRequest(model="demand@2"))
    promoted = promote(learner.session(), PromoteRequest(model="demand@2")).data
    assert promoted.version == 2
    refit = [run for _, run in learner.session().repository.facts.all(Run) if run.purpose == "refit"]
    assert "folds" not in refit[-1].notes


def test_the_largest_share_that_a_refusal_names_is_one_that_works(learner):
    for by, folds, most in (("random", 6, "16.6%"), ("time", 5, "16.6%"), ("time", 3, "25%")):
        split = f'by = "{by}"\nfolds = {folds}\ntest = '
        with pytest.raises(SpecInvalid, match=f"write test = '{most}' or less"):
            trained(learner, f'{split}"40%"')
        assert len(run_of(learner, trained(learner, f'{split}"{most}"')).notes["folds"]) == folds


def test_a_duration_is_the_length_of_each_window(learner):
    made = trained(learner, 'by = "time"\ntest = "30d"\nfolds = 3')
    told = run_of(learner, made).notes["folds"]
    assert [one["test"] for one in told] == [30, 30, 30]
    assert [one["train"] for one in told] == [310, 340, 370]


def test_a_loop_does_not_cross_validate(learner):
    learner.write("mlctl.toml", in_folds(spec(), 'by = "time"\ntest = "10%"\nfolds = 3'))
    made = train(learner.session(), TrainRequest(purpose="loop", test="14d")).data
    assert not made.folds


def test_an_encoding_is_learnt_from_the_training_rows_of_its_fold_alone(learner):
    """A category that only the newest window has is no column of the earlier fits."""
    table = read_csv(learner.root / "data/rides.csv")
    kind = ["new" if n >= 340 else "old" if n % 2 else "odd" for n in range(400)]
    table = table.append_column("kind", pa.array(kind))
    lines = [
        ",".join(table.column_names),
        *(",".join(str(v) for v in row.values()) for row in table.to_pylist()),
    ]
    learner.write("data/rides.csv", "\n".join(lines) + "\n")
    learner.write("widths.py", WIDTHS)
    text = spec().replace('estimator = "sklearn.linear_model:Ridge"', 'build = "widths.py:make"')
    trained(learner, 'by = "time"\ntest = "10%"\nfolds = 3', text)
    widths = sorted(int(line) for line in (learner.root / "widths.txt").read_text().split())
    assert widths == [4, 4, 5], "only the last fit, after the second window, has seen the new kind"


WIDTHS = """\
from pathlib import Path

from sklearn.linear_model import Ridge


class Told(Ridge):
    def fit(self, x, y):
        with Path(__file__).with_name("widths.txt").open("a") as out:
            out.write(f"{x.shape[1]}\\n")
        return super().fit(x, y)


def make():
    return Told()
"""

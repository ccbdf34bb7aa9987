"""`mlctl train` as text."""

import io
import json

from rich.console import Console

from mlctl.cli.render.train import render
from mlctl.domain.ids import Ulid
from mlctl.domain.requests.train import TrainResult


def test_rows_that_were_left_out_are_told_with_the_reason():
    result = TrainResult(
        run=Ulid("01M854G9YNHFJPDZ2WPQB4H989"),
        model="demand",
        version=1,
        digest=None,
        changed=True,
        seconds=1.0,
        metrics={"mae": 1234567.0},
        baseline={"mae": None},
        dataset="rides@1",
        estimator="x:Y",
        rows={"train": 7000, "test": 1600, "dropped": 8735},
        dropped={"train_where": 8734, "target missing": 1},
    )
    out = Console(file=io.StringIO(), markup=False, highlight=False, width=200)
    render(result, out)
    lines = out.file.getvalue().splitlines()
    assert lines[1:4] == [
        "  run 01M854G9YNHFJPDZ2WPQB4H989  rows: 7,000 train, 1,600 test",
        "  8,734 rows left out by train_where",
        "  1 row left out (target missing)",
    ]
    assert "1,234,567" in lines[4]


def test_a_program_behind_the_dashes_trains_and_says_what_it_does_line_by_line(project):
    source = """
import mlctl
from sklearn.linear_model import Ridge
with mlctl.run() as run:
    print("it begins")
    run.log(step=4, loss=0.5)
    run.save(Ridge(alpha=2.0).fit(*run.load()))
"""
    (project.folder / "train.py").write_text(source)
    done = project.run("train", "demand", "--json-lines", "--", "python", "train.py")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    events = [one["event"] for one in told[:-1]]
    assert "it begins" in [event["text"] for event in events]
    assert {"step": 4, "loss": 0.5} in [event["point"] for event in events]
    assert (told[-1]["ok"], told[-1]["data"]["estimator"]) == (True, "Ridge")


def test_two_models_are_one_too_many(project):
    done = project.run("train", "demand", "other")
    assert done.returncode == 2
    assert "a program stands behind --" in done.stderr

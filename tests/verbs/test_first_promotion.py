"""A spec proposed from a table with signal leads to a promotion: its gates are no toss of a coin."""

import re
from pathlib import Path

import numpy as np
import pytest

from mlctl.domain.progress import silent
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.session import Session
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.init import init
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train


def churn(target, rows=500, seed=3):
    """CSV text: a noisy table in which tenure, tickets and plan say something of the target."""
    random = np.random.default_rng(seed)
    tenure, tickets = random.integers(1, 60, rows), random.poisson(1.2, rows)
    plan = random.choice(["basic", "plus", "pro"], rows)
    chance = 1 / (1 + np.exp(-(0.4 - 0.05 * tenure + 0.5 * tickets - 0.5 * (plan == "pro"))))
    gone = random.random(rows) < chance
    answers = {
        "binary": np.where(gone, "yes", "no"),
        "multiclass": np.where(gone, "gone", np.where(tenure > 40, "loyal", "neutral")),
        "regression": np.exp(2 * chance + random.normal(size=rows)).round(3),
    }[target]
    lines = [",".join(map(str, row)) for row in zip(tenure, tickets, plan, answers, strict=True)]
    return "tenure,tickets,plan,churn\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("seed", [3, 4])
def test_a_small_noisy_table_with_signal_is_promoted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, seed: int
) -> None:
    table = tmp_path / "churn.csv"
    table.write_text(churn(task, seed=seed))
    folder = tmp_path / "project"
    request = InitRequest(directory=str(folder), table=str(table), target="churn")
    assert init(request, report=silent, command="mlctl init").data.task == task
    monkeypatch.chdir(folder)
    train(Session.open(folder), TrainRequest())
    promoted = promote(Session.open(folder), PromoteRequest()).data
    assert (promoted.version, promoted.passed, promoted.forced) == (1, True, False)


def test_a_model_without_probabilities_is_judged_by_the_first_metric_that_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "churn.csv"
    table.write_text(churn("binary"))
    folder = tmp_path / "project"
    request = InitRequest(directory=str(folder), table=str(table), target="churn")
    init(request, report=silent, command="mlctl init")
    spec = folder / "mlctl.toml"
    head, _, rest = spec.read_text().partition("[model.churn.features]")
    split = rest[rest.index("[model.churn.split]") : rest.index("[model.churn.eval]")]
    head = re.sub(r"(?m)^estimator = .*$", 'estimator = "sklearn.linear_model:RidgeClassifier"', head)
    spec.write_text(re.sub(r"(?m)^params = .*$", "", head) + split)
    monkeypatch.chdir(folder)
    train(Session.open(folder), TrainRequest())
    evaluation = evaluate(Session.open(folder), EvalRequest()).data
    assert evaluation.notes["primary"] == "accuracy"
    assert evaluation.metrics["roc_auc"].value is None
    assert evaluation.gates["passed"]


def test_a_table_of_one_day_is_promoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    temp = random.normal(size=300).round(3)
    rides = (50 + 5 * temp + random.normal(size=300)).round(3)
    times = np.datetime64("2024-01-01T00:00:00") + np.arange(300) * np.timedelta64(60, "s")
    lines = [",".join(map(str, row)) for row in zip(times, temp, rides, strict=True)]
    table = tmp_path / "day.csv"
    table.write_text("\n".join(["at,temp,rides", *lines]) + "\n")
    folder = tmp_path / "project"
    request = InitRequest(directory=str(folder), table=str(table), target="rides")
    init(request, report=silent, command="mlctl init")
    monkeypatch.chdir(folder)
    train(Session.open(folder), TrainRequest())
    session = Session.open(folder)
    assert promote(session, PromoteRequest()).data.refit
    (said,) = session.warnings
    assert said.startswith("all 300 rows of day are of one day")

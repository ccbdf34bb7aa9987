"""`mlctl show` in a terminal and for programs."""

import json

import pytest

from mlctl.cli.render import show_tree
from tests.cli.lives import mlctl


@pytest.fixture
def project(lived):
    return lived


@pytest.mark.parametrize("selector", ["rides@1", "6"])
def test_show_prints_a_title_and_what_is_kept(project, selector):
    done = mlctl(project, "show", selector)
    assert done.returncode == 0
    assert "\n  digest: " in done.stdout


@pytest.mark.parametrize("selector", ["demand@2", "production", "demand@production~1"])
def test_a_model_is_a_tree_on_one_screen_and_all_of_it_with_v(project, selector):
    done = mlctl(project, "show", selector)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    names = [line[3:].split()[0] for line in lines[1:] if line[:2] in {"├─", "└─"}]
    assert names == [
        "digest",
        "estimator",
        "loading",
        "params",
        "metrics",
        "target",
        "features",
        "data",
        "run",
        *(["code"] if "code" in names else []),
        "decision",
    ]
    assert len(lines) < 40
    full_text = mlctl(project, "show", selector, "-v").stdout
    assert "\n  digest: " in full_text
    assert "artefacts" in full_text


def test_a_run_begins_with_its_metrics_and_counts_its_packages(project):
    run = json.loads(mlctl(project, "show", "demand@2", "--json").stdout)["data"]["record"]["run"]
    lines = mlctl(project, "show", f"run:{run}").stdout.splitlines()
    assert lines[0].startswith(f"run {run}  demand@2")
    assert lines[1] == "├─ metrics"
    assert any(line.startswith("├─ python") and line.endswith("packages") for line in lines)
    assert any(line.startswith("├─ data") and "rides@1" in line for line in lines)


def test_show_as_json_has_the_record(project):
    data = json.loads(mlctl(project, "show", "demand@2", "--json").stdout)["data"]
    assert (data["kind"], data["title"], data["related"]["stages"]) == ("model", "demand@2", ["production"])
    assert data["record"]["model"] == "demand"


def test_what_is_not_there_exits_20_with_a_hint_that_works(project):
    done = mlctl(project, "show", "demnad@2", "--json")
    assert done.returncode == 20
    hint = json.loads(done.stdout)["error"]["hints"][0]
    assert mlctl(project, *hint.split()[1:]).returncode == 0


def test_a_model_s_decision_its_quantile_and_a_run_s_weight_are_told():
    searched = {"rows": 90, "folds": 5, "threshold": 0.02, "cost": 0.4, "formula": 0.1, "formula_cost": 0.5}
    signature = {"target": "late", "task": "binary", "classes": [], "positive": "yes", "threshold": 0.02}
    found = show_tree._decides({"signature": signature, "searched": searched})
    assert found == [
        (
            "decides",
            "yes from a probability of 0.02 on",
            ["on 90 training rows, answered out of fold, that costs 0.4 a row, and 0.5 by the formula's 0.1"],
        )
    ]
    assert show_tree._decides({"signature": {"target": "y"}}) == []
    assert show_tree._level({"quantile": 0.9}) == ", quantile 0.9"
    assert show_tree._weighed(None) == []
    (branch,) = show_tree._weighed({"column": "share", "train": 1234.5, "test": 10.0})
    assert branch[1] == "share: worth as many rows of equal weight as 1,234 train, 10 test"

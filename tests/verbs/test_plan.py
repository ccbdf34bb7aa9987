import pytest

from mlctl.domain.errors import NotFound, WouldChange
from mlctl.domain.requests.build import BuildRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.build import build
from mlctl.verbs.plan import plan
from mlctl.verbs.train import train
from tests.verbs.bikes import Company

LIGHT = {"params": "params = { max_iter = 30 }"}


def states(result):
    return {step.step: step.state for step in result.steps}


@pytest.fixture
def company(tmp_path):
    return Company(tmp_path / "bikes", **LIGHT)


def test_a_new_project_is_stale_from_the_first_step_to_the_last(company):
    found = plan(company.session(), PlanRequest()).data
    assert states(found) == {
        "data rides": "stale",
        "train demand": "stale",
        "eval demand": "stale",
        "promote demand": "stale",
    }
    assert not found.fresh
    assert "no version yet" in found.steps[0].why[0]
    assert found.steps[1].why[0] == "data rides is stale"


def test_each_change_makes_stale_what_follows_from_it_and_says_why(company):
    build(company.session(), BuildRequest())
    company.edit(params="params = { max_iter = 31 }")
    found = plan(company.session(), PlanRequest()).data
    assert states(found)["data rides"] == "fresh"
    assert states(found)["train demand"] == "stale"
    assert any("params" in why for step in found.steps for why in step.why)
    with (company.root / "data" / "hour.csv").open("a") as file:
        file.write("17380,2013-01-01,1,1,1,0,0,2,0,1,0.3,0.3,0.5,0.1,1,1,2\n")
    changed = plan(company.session(), PlanRequest()).data
    assert states(changed)["data rides"] == "stale"
    done = build(company.session(), BuildRequest()).data
    assert states(done) == dict.fromkeys(states(done), "done")


def test_a_trained_version_that_nobody_evaluated_is_half_way(company):
    train(company.session(), TrainRequest())
    found = states(plan(company.session(), PlanRequest()).data)
    assert found == {
        "data rides": "fresh",
        "train demand": "fresh",
        "eval demand": "stale",
        "promote demand": "stale",
    }


def test_check_is_the_answer_no_while_something_is_stale(company):
    with pytest.raises(WouldChange) as raised:
        plan(company.session(), PlanRequest(check=True))
    assert raised.value.exit_code == 43
    assert raised.value.data.steps
    build(company.session(), BuildRequest())
    assert plan(company.session(), PlanRequest(check=True)).data.fresh


def test_a_model_that_the_spec_does_not_declare_is_not_found(company):
    with pytest.raises(NotFound, match="tides"):
        plan(company.session(), PlanRequest(model="tides"))

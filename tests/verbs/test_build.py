import subprocess
import sys

import pytest

from mlctl.domain.errors import GateRefused
from mlctl.domain.requests.build import BuildRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.verbs.build import build
from mlctl.verbs.plan import plan
from tests.verbs.bikes import Company

LIGHT = {"params": "params = { max_iter = 30 }"}


def states(result):
    return {step.step: step.state for step in result.steps}


@pytest.fixture
def company(tmp_path):
    return Company(tmp_path / "bikes", **LIGHT)


def test_a_build_does_it_all_and_the_next_one_finds_nothing_to_do(company):
    done = build(company.session(), BuildRequest()).data
    assert set(states(done).values()) == {"done"}
    assert done.changed
    assert company.deployed()[1].model == "demand"
    head = company.session().repository.decisions.names().head
    again = build(company.session(), BuildRequest()).data
    assert set(states(again).values()) == {"fresh"}
    assert not again.changed
    assert company.session().repository.decisions.names().head == head


def test_a_refused_gate_stops_the_build_with_every_reason(company):
    company.edit(mae="mae = { max = 1 }")
    with pytest.raises(GateRefused) as raised:
        build(company.session(), BuildRequest())
    assert raised.value.exit_code == 40
    assert states(raised.value.data)["eval demand"] == "done"
    assert states(raised.value.data)["promote demand"] == "refused"
    assert [reason["gate"] for reason in raised.value.data.reasons] == ["mae.max"]


def test_a_dry_run_of_a_build_is_the_plan(company):
    planned = build(company.session(), BuildRequest(dry_run=True)).data
    assert planned.steps == plan(company.session(), PlanRequest()).data.steps
    assert not planned.changed
    assert company.session().repository.decisions.names().head == 1


def test_what_the_loop_promoted_since_is_not_taken_back_by_a_build(company):
    build(company.session(), BuildRequest())
    company.edit(params="params = { max_iter = 31 }")
    build(company.session(), BuildRequest())
    company.edit(params="params = { max_iter = 30 }")
    assert plan(company.session(), PlanRequest()).data.fresh
    held = company.deployed()[0]
    build(company.session(), BuildRequest())
    assert company.deployed()[0] == held


def test_a_build_where_nothing_changed_loads_nothing_heavy(company):
    build(company.session(), BuildRequest())
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mlctl.project.session import Session\n"
        "from mlctl.verbs.build import build\n"
        "from mlctl.domain.requests.build import BuildRequest\n"
        f"session = Session.open(Path({str(company.root)!r}))\n"
        "assert not build(session, BuildRequest()).data.changed\n"
        "heavy = {'sklearn', 'scipy', 'numpy', 'pyarrow', 'git', 'dvc', 'httpx', 'typer'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"

import itertools
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from mlctl.domain.errors import GateRefused, InvalidName, NameMoved, NotFound, UsageError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.evidence.loading import open_predictor
from mlctl.tabular.encode import Encoder
from mlctl.tabular.parquet import table_from
from mlctl.verbs.fsck import fsck
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import GATES, rows, spec

STRICT = "[model.demand.gates.production]\nmae = { max = 0.1 }\nr2 = { min = 0.999 }\n"


def trained(project, **request):
    return train(project.session(), TrainRequest(**request)).data


def promoted(project, **request):
    return promote(project.session(), PromoteRequest(**request)).data


def test_the_first_promotion_moves_the_stage_to_a_refit_on_all_rows(learner):
    made = trained(learner)
    found = promoted(learner)
    assert (found.model, found.stage, found.version, found.previous) == ("demand", "production", 1, None)
    assert (found.changed, found.refit, found.passed) == (True, True, True)
    repository = learner.session().repository
    names = repository.decisions.names()
    assert names.value("stages/demand/production") == names.value("models/demand/1/refit") == found.digest
    version = repository.facts.get(ModelVersion, found.digest)
    assert (version.refit_of, version.rows) == (made.digest, 400)
    assert version.learnt_through == "2012-02-04T00:00:00.000Z"
    assert repository.facts.where(Run, run=version.run)[0][1].purpose == "refit"
    entry = repository.decisions.get(found.decision).entry
    assert {change.name for change in entry.changes} == {"models/demand/1/refit", "stages/demand/production"}
    assert entry.evidence["evaluation"] == found.evaluation
    assert entry.evidence["forced"] is False
    assert len(entry.evidence["gates"]) == 64


def test_the_reference_holds_every_row_with_the_answer_of_a_model_that_had_not_seen_its_week(learner):
    trained(learner)
    repository = learner.session().repository
    version = repository.facts.get(ModelVersion, promoted(learner).digest)
    table = table_from(repository.objects.read(version.reference))
    assert table.num_rows == 400
    assert {"id", "day", "temp", "wind", "rides", "mlctl.output"} == set(table.column_names)
    predictor = open_predictor(learner.session(), version)
    own = predictor.predict(Encoder(version.features).matrix(table.to_pydict()))
    held = np.asarray(table.column("mlctl.output"))
    truth = np.asarray(table.column("rides"))
    assert not np.array_equal(own, held)
    assert np.abs(held - truth).mean() > np.abs(own - truth).mean()


def test_without_refit_the_stage_holds_the_tested_version(learner):
    learner.write("mlctl.toml", spec(refit="none"))
    made = trained(learner)
    found = promoted(learner)
    assert (found.digest, found.refit) == (made.digest, False)


def test_the_same_again_is_unchanged(learner):
    trained(learner)
    first = promoted(learner)
    decisions = learner.decisions()
    second = promoted(learner)
    assert (second.changed, second.version, second.decision) == (False, 1, first.decision)
    assert learner.decisions() == decisions


def test_a_refusal_gives_every_reason_and_leaves_no_trace_in_the_names(learner):
    learner.write("mlctl.toml", spec(gates=STRICT))
    trained(learner)
    decisions = learner.decisions()
    with pytest.raises(GateRefused) as raised:
        promoted(learner)
    reasons = raised.value.facts["reasons"]
    assert [(reason["gate"], reason["slice"]) for reason in reasons] == [("mae.max", None), ("r2.min", None)]
    assert reasons[0]["value"] > reasons[0]["limit"] == 0.1
    assert (raised.value.data.changed, raised.value.data.passed, raised.value.data.previous) == (
        False,
        False,
        None,
    )
    assert learner.decisions() == decisions
    assert not [run for _, run in learner.session().repository.facts.all(Run) if run.purpose == "refit"]


def test_force_needs_a_reason_and_both_are_recorded(learner):
    learner.write("mlctl.toml", spec(gates=STRICT))
    trained(learner)
    with pytest.raises(UsageError, match="--reason"):
        promoted(learner, force=True)
    found = promoted(learner, force=True, reason="the limit is a typo")
    assert (found.forced, len(found.reasons)) == (True, 2)
    entry = learner.session().repository.decisions.get(found.decision).entry
    assert entry.reason == "the limit is a typo"
    assert entry.evidence["forced"] is True
    assert [reason["gate"] for reason in entry.evidence["reasons"]] == ["mae.max", "r2.min"]


def test_force_that_was_not_needed_is_not_recorded_as_forced(learner):
    trained(learner)
    assert promoted(learner, force=True, reason="to be sure").forced is False


def test_a_worse_candidate_is_refused_beside_the_incumbent(learner):
    trained(learner)
    promoted(learner)
    trained(learner, set=("alpha=5000",))
    with pytest.raises(GateRefused) as raised:
        promoted(learner)
    assert "mae.not_worse" in [reason["gate"] for reason in raised.value.facts["reasons"]]
    assert raised.value.data.previous == 1


def test_worse_than_the_baseline_can_not_pass_whatever_the_gates(learner):
    learner.write("data/rides.csv", rows(slope=0.0))
    learner.write("mlctl.toml", spec("sklearn.tree:DecisionTreeRegressor", gates=""))
    trained(learner)
    with pytest.raises(GateRefused) as raised:
        promoted(learner)
    assert [reason["gate"] for reason in raised.value.facts["reasons"]] == ["baseline"]


def test_a_dry_run_asks_the_gates_and_decides_nothing(learner):
    trained(learner)
    decisions = learner.decisions()
    planned = promoted(learner, dry_run=True)
    assert (planned.changed, planned.decision, planned.dry_run) == (True, None, True)
    assert learner.decisions() == decisions


def test_another_stage_is_free_and_a_misspelt_one_is_not(learner):
    trained(learner)
    assert promoted(learner, to="staging").stage == "staging"
    with pytest.raises(NotFound, match="did you mean 'production'"):
        promoted(learner, to="prodution")
    with pytest.raises(InvalidName):
        promoted(learner, to="Prod/1")
    outcome = promote(learner.session(), PromoteRequest(to="canary"))
    assert "no gates" in outcome.warnings[0]


def test_an_older_version_may_be_promoted_by_its_number(learner):
    trained(learner)
    trained(learner, set=("alpha=0.5",))
    assert promoted(learner).version == 2
    assert promoted(learner, model="demand@1").version == 1
    with pytest.raises(NotFound, match="demand@7"):
        promoted(learner, model="demand@7")


@pytest.mark.slow
def test_eight_processes_that_promote_at_once_make_one_chain_without_a_gap(learner):
    learner.write("mlctl.toml", spec(refit="none", gates=GATES))
    for number in range(1, 5):
        trained(learner, set=(f"alpha={number / 10}",))
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "mlctl", "promote", f"demand@{1 + number % 4}", "--json"],
            cwd=learner.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for number in range(8)
    ]
    codes = [child.wait() for child in children if child.communicate()]
    assert set(codes) <= {0, 40}
    repository = learner.session().repository
    entries = [one.entry for one in repository.decisions.entries() if one.entry.kind == "promote"]
    assert entries
    for before, after in itertools.pairwise(entries):
        assert after.changes[-1].old == before.changes[-1].new
        judged = repository.facts.get(Evaluation, after.evidence["evaluation"])
        assert judged.incumbent.digest == before.changes[-1].new  # the gates saw what the stage held then
    assert fsck(learner.session(), FsckRequest()).data


def test_a_version_that_was_recalibrated_once_comes_back_as_it_was_fitted(learner):
    trained(learner)
    first = promoted(learner).digest
    facts = learner.session().repository.facts
    facts.add(msgspec.structs.replace(facts.get(ModelVersion, first), level=1.7, level_through="2012-03-01"))
    trained(learner, set=("alpha=2.0",))
    promoted(learner)
    assert promoted(learner, model="demand@1").digest == first


def test_a_stage_that_has_moved_from_what_the_caller_saw_is_left_alone(learner):
    trained(learner)
    seen = promoted(learner).digest
    trained(learner, set=("alpha=2.0",))
    promoted(learner)
    trained(learner, set=("alpha=3.0",))
    decisions = learner.decisions()
    with pytest.raises(NameMoved):
        promoted(learner, model="demand@3", expected=seen)
    assert learner.decisions() == decisions

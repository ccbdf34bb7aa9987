"""What a stage's gates ask besides metrics."""

import msgspec
import pytest

from mlctl.domain.errors import GateRefused
from mlctl.domain.records import encode
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_kept import kept_spec
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import GATES, spec


def ready(learner, keys, **train_with):
    """A trained version under gates of production that ask for these keys."""
    learner.write("mlctl.toml", spec(refit="none", gates=f"[model.demand.gates.production]\n{keys}"))
    return train(learner.session(), TrainRequest(**train_with)).data


def promoted(learner, **request):
    return promote(learner.session(), PromoteRequest(**request)).data


def refusals(learner, **request):
    """The reasons by gate; promoting must be refused."""
    with pytest.raises(GateRefused) as raised:
        promoted(learner, **request)
    return {reason["gate"]: reason["why"] for reason in raised.value.facts["reasons"]}


class TestOrder:
    def test_a_stage_out_of_order_is_refused_until_the_version_has_held_the_one_before(self, learner):
        ready(learner, 'after = "staging"\n')
        assert refusals(learner) == {"after": "demand@1 has not held staging, which comes before production"}
        promoted(learner, to="staging")
        found = promoted(learner)
        entry = learner.session().repository.decisions.get(found.decision).entry
        assert [one["gate"] for one in entry.evidence["held"]] == ["after"]
        assert "demand@1 has held staging" in entry.evidence["held"][0]["why"]

    def test_another_version_of_the_stage_before_does_not_count_and_an_earlier_one_does(self, learner):
        ready(learner, 'after = "staging"\n')
        promoted(learner, to="staging")
        train(learner.session(), TrainRequest(set=("alpha=0.5",)))
        assert "after" in refusals(learner, model="demand@2")
        promoted(learner, model="demand@2", to="staging")
        assert promoted(learner, model="demand@1").changed

    def test_a_promotion_that_was_undone_is_no_holding(self, learner):
        ready(learner, 'after = "staging"\n')
        promoted(learner, to="staging")
        undo(learner.session(), UndoRequest())
        assert "after" in refusals(learner)

    def test_force_overrides_it_and_the_record_says_so(self, learner):
        ready(learner, 'after = "staging"\n')
        found = promoted(learner, force=True, reason="an outage")
        assert (found.forced, [one.gate for one in found.reasons]) == (True, ["after"])

    def test_eval_says_what_promote_would_and_status_does_not_offer_it(self, learner):
        ready(learner, 'after = "staging"\n')
        gates = evaluate(learner.session(), EvalRequest()).data.gates
        assert (gates["passed"], [one["gate"] for one in gates["reasons"]]) == (False, ["after"])
        offered = [one.what for one in status(learner.session(), StatusRequest()).data.models[0].stale]
        assert "promote demand" not in offered


def test_a_run_of_before_kept_its_gates_as_metrics_alone_and_is_read(learner):
    learner.write("mlctl.toml", spec(refit="none", gates=GATES))
    train(learner.session(), TrainRequest())
    repository = learner.session().repository
    run = repository.facts.all(Run)[0][1]
    today = kept_spec(repository.objects.read(run.spec))
    old = msgspec.to_builtins(today)
    old["gates"] = {stage: gates["rules"] for stage, gates in old["gates"].items()}
    assert isinstance(today, ModelSpec)
    assert kept_spec(encode(old)) == today
    assert today.gates["production"].rules["mae"].incumbent == "not_worse"

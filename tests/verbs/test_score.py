import msgspec
import pytest

from mlctl.domain.errors import GateRefused, NotFound, SpecInvalid, UsageError
from mlctl.domain.evaluation import BehaviourResult
from mlctl.domain.model import ModelVersion
from mlctl.domain.reproduction import Reproduction
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.reproduce import ReproduceRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.score import ScoreRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.score import ITEMS, bands, reading
from mlctl.project.session import Session
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.reproduce import reproduce
from mlctl.verbs.rollback import rollback
from mlctl.verbs.score import score
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from mlctl.workspace.environment import environment
from tests.verbs.hand_made import ADA, Bikes
from tests.verbs.learner import GATES, spec

SLICED = GATES + '"mae@slices" = { max = 5, min_rows = 10 }\n'
EVERYTHING = """\
[model.demand.gates.production]
mae = { max = 5, incumbent = "not_worse" }
"mae@slices" = { max = 5, min_rows = 10 }
after = "staging"
size_mb = { max = 100 }
latency_ms = { max = 1000 }
age = { max = "100000d" }
data_checks = true
approvals = { count = 1 }

[model.demand.features]
temp = { type = "number" }

[model.demand.monitor]
performance = { mae = { max = 40 } }

[model.demand.retrain]
when = ["performance", "age > '56d'"]
"""
ANSWER = 'by = "ann@example.org", on = "{on}", text = "docs/privacy.md", points = {points}'


def scored(project, session=None, **request):
    return score(session or project.session(), ScoreRequest(**request)).data


def items(project, session=None):
    return {item.item: item for item in scored(project, session).items}


def points(project, session=None):
    return {name: item.points for name, item in items(project, session).items() if item.points}


def answered(project, item, on="2029-12-01", worth=0.5, head=""):
    answer = ANSWER.format(on=on, points=worth)
    project.write("mlctl.toml", spec() + f"\n[score]\n{head}\n[score.answers]\n{item} = {{ {answer} }}\n")


def via(session, kind):
    acting = msgspec.structs.replace(session.actor, via=kind)
    return Session(session.repository, command="mlctl test", clock=session.clock, actor=acting)


def test_there_are_seven_items_in_each_of_four_sections():
    assert [item.id for item in ITEMS] == [
        f"{section}_{number}" for section in ("data", "model", "infra", "monitor") for number in range(1, 8)
    ]


def test_the_readings_change_where_the_paper_says():
    steps = [reading(value) for value in (0, 0.5, 1.5, 2.5, 3.5, 5.5)]
    assert len(set(steps)) == 6
    assert [reading(value) for value in (1, 2, 3, 5)] == steps[1:5]
    assert [band.rpartition(": ")[2] for band in (bands()[0], bands()[-1])] == [steps[0], steps[5]]


def test_a_fresh_project_has_nothing_and_every_item_says_what_to_do(learner):
    found = scored(learner)
    assert (found.score, found.open, found.version) == (0, 28, None)
    assert set(found.sections.values()) == {0}
    assert all(item.how == "open" and item.why and item.next.startswith("mlctl ") for item in found.items)


def test_a_project_without_a_model_can_be_asked_too(project):
    found = scored(project)
    assert (found.model, found.score, found.open) == (None, 0, 28)
    with pytest.raises(NotFound, match="demnd"):
        scored(project, model="demnd")


def test_what_only_the_spec_says_brings_no_point(learner):
    text = spec(gates=EVERYTHING).replace('time = ["day"]', 'time = ["day"]\nchecks = ["not_null(rides)"]')
    learner.write("mlctl.toml", text)
    assert points(learner) == {}
    train(learner.session(), TrainRequest())
    assert points(learner) == {}


def test_a_column_that_is_ruled_out_counts_once_runs_were_kept_from_it(learner):
    learner.write("mlctl.toml", spec().replace('target = "rides"', 'target = "rides"\nexclude = ["wind"]'))
    assert points(learner) == {}
    train(learner.session(), TrainRequest())
    assert points(learner) == {"data_4": 0.5}
    train(learner.session(), TrainRequest(set=("alpha=2",)))
    assert points(learner) == {"data_4": 1}


def test_what_was_measured_counts_half_until_a_promotion_has_asked_for_it(learner):
    learner.write("mlctl.toml", spec(gates=SLICED))
    train(learner.session(), TrainRequest())
    evaluate(learner.session(), EvalRequest())
    assert points(learner) == {"model_5": 0.5, "model_6": 0.5, "monitor_6": 0.5}
    promote(learner.session(), PromoteRequest())
    found = items(learner)
    assert {name: item.points for name, item in found.items() if item.points} == {
        "model_5": 1,
        "model_6": 1,
        "infra_4": 1,
        "monitor_6": 0.5,
    }
    evaluation, decision = found["model_5"].proofs
    assert (evaluation.kind, decision.kind) == ("evaluation", "decision")
    assert "mae minus the baseline's: -" in evaluation.told
    assert "cold (" in found["model_6"].proofs[0].told


def test_gates_that_came_after_the_promotion_do_not_count(learner):
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    learner.write("mlctl.toml", spec(gates=SLICED))
    found = items(learner)["model_6"]
    assert (found.points, found.why) == (
        0.5,
        "slices were measured; no gate on them was in force when the version was promoted",
    )


def test_a_stage_without_gates_validates_nothing(learner):
    learner.write("mlctl.toml", spec(gates=""))
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    found = items(learner)["infra_4"]
    assert (found.points, found.why) == (0, "production had no gates when demand@1 was promoted")


def test_a_forced_promotion_takes_the_points_of_validation(learner):
    learner.write("mlctl.toml", spec(gates=GATES.replace('incumbent = "not_worse"', "max = 0.001")))
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest(force=True, reason="a demo"))
    found = items(learner)
    assert found["infra_4"].points == 0
    assert "forced: a demo" in found["infra_4"].proofs[0].told
    assert found["model_5"].points == 0.5
    learner.write("mlctl.toml", spec())
    train(learner.session(), TrainRequest(set=("alpha=0.5",)))
    promote(learner.session(), PromoteRequest())
    assert items(learner)["infra_4"].points == 0.5


def test_rollbacks_by_hand_count_half_once_and_whole_when_repeated(learner):
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    assert items(learner)["infra_7"].points == 0
    for number, worth in ((1, 0.5), (2, 1)):
        train(learner.session(), TrainRequest(set=(f"alpha={number}",)))
        promote(learner.session(), PromoteRequest(force=True, reason="to see"))
        rollback(learner.session(), RollbackRequest(stage="production"))
        assert items(learner)["infra_7"].points == worth


def test_the_whole_way_counts_whole_where_ci_has_gone_it(learner):
    train(via(learner.session(), "ci"), TrainRequest())
    assert items(learner)["infra_3"].points == 0
    promote(via(learner.session(), "ci"), PromoteRequest())
    found = items(learner)["infra_3"]
    assert found.points == 1
    assert all("via ci" in proof.told for proof in found.proofs)


def test_a_search_of_parameters_counts_if_the_version_is_its_best(learner):
    for alpha in ("0.001", "10", "1000"):
        number = train(learner.session(), TrainRequest(set=(f"alpha={alpha}",))).data.version
        evaluate(learner.session(), EvalRequest(model=f"demand@{number}"))
    assert items(learner)["model_3"].points == 0
    assert "demand@3 has not the best mae" in items(learner)["model_3"].why
    promote(learner.session(), PromoteRequest(model="demand@1"))
    assert items(learner)["model_3"].points == 0.5


def test_an_answer_counts_for_its_item_and_says_whose_it_is(learner):
    answered(learner, "data_5", worth=1.0)
    found = items(learner)["data_5"]
    assert (found.points, found.how, found.why) == (1, "answered", "docs/privacy.md")
    assert found.proofs[0].told == "ann@example.org, 2029-12-01"
    answered(learner, "model_3")
    assert items(learner)["model_3"].how == "answered"


@pytest.mark.parametrize(("on", "why"), [("2028-01-01", "longer ago than 365d"), ("2031-01-01", "to come")])
def test_an_answer_that_is_old_or_of_tomorrow_does_not_count(learner, on, why):
    answered(learner, "data_5", on=on)
    found = items(learner)["data_5"]
    assert (found.points, found.how) == (0, "open")
    assert why in found.why
    answered(learner, "data_5", on="2028-01-01", head='valid = "9999d"')
    assert items(learner)["data_5"].points == 0.5


def test_an_answer_counts_only_while_the_record_shows_less(learner):
    answered(learner, "infra_4")
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    assert (items(learner)["infra_4"].points, items(learner)["infra_4"].how) == (1, "shown")


@pytest.mark.parametrize(
    ("item", "worth", "on", "said"),
    [
        ("infra_4", 1.0, "2029-12-01", "has to be shown by the record"),
        ("data_5", 0.7, "2029-12-01", "must be 0, 0.5 or 1"),
        ("data_5", 0.5, "yesterday", "is no day"),
        ("data_8", 0.5, "2029-12-01", "the score has no item 'data_8'"),
    ],
)
def test_an_answer_that_could_not_count_is_refused(learner, item, worth, on, said):
    answered(learner, item, on=on, worth=worth)
    with pytest.raises(SpecInvalid, match=said):
        scored(learner)


def test_a_score_below_the_least_is_refused_with_all_of_it(learner):
    with pytest.raises(GateRefused) as refused:
        scored(learner, check=True, least=0.5)
    assert refused.value.data.open == 28
    assert refused.value.facts["reasons"][0]["limit"] == 0.5
    assert scored(learner, check=True, least=0).score == 0


def test_an_evaluation_on_rows_that_it_has_learnt_from_counts_for_nothing(learner):
    train(learner.session(), TrainRequest())
    evaluate(learner.session(), EvalRequest(data="rides@1"))
    assert points(learner) == {}


def test_gates_that_held_at_the_promotion_count_whole(learner):
    gates = GATES + 'size_mb = { max = 100 }\nage = { max = "100000d" }\ndata_checks = true\n'
    text = spec(gates=gates).replace('time = ["day"]', 'time = ["day"]\nchecks = ["not_null(rides)"]')
    learner.write("mlctl.toml", text)
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    found = items(learner)
    assert [found[name].points for name in ("data_1", "monitor_4", "monitor_6")] == [1, 1, 1]
    assert "1 check holds on rides" in found["data_1"].proofs[0].told


def test_a_promotion_that_was_undone_is_a_rollback(learner):
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    train(learner.session(), TrainRequest(set=("alpha=2",)))
    promote(learner.session(), PromoteRequest(force=True, reason="to see"))
    undo(learner.session(), UndoRequest())
    found = items(learner)["infra_7"]
    assert (found.points, found.proofs[0].told[:17]) == (0.5, "promotion, undone")


@pytest.fixture
def bikes(tmp_path):
    """A version with an evaluation, in production."""
    made = Bikes(tmp_path)
    digest = made.version(2)
    evaluation = made.evaluation(digest, {})
    made.decide(
        "promote", ADA, {"stages/demand/production": digest},
        evidence={
            "evaluation": evaluation, "forced": False, "gates": "a" * 64,
            "approvals": [{"email": "bea@example.org", "told": "unverified: it is not signed"}],
        },
    )  # fmt: skip
    made.digest = digest
    return made


def test_a_clean_commit_and_the_approval_of_another_count(bikes):
    found = items(bikes, bikes.session)["model_1"]
    assert (found.points, [proof.kind for proof in found.proofs]) == (1, ["run", "decision"])
    assert "bea@example.org" in found.proofs[1].told


def test_groups_that_were_compared_count_half_without_a_gate(bikes):
    found = items(bikes, bikes.session)["model_7"]
    assert (found.points, found.proofs[0].told) == (0.5, "opportunity by district 0.125")


def test_reports_of_the_versions_own_answers_count_once_a_day(bikes):
    watching = ("monitor_2", "monitor_3", "monitor_7", "model_2", "infra_5")

    def now():
        found = items(bikes, bikes.session)
        return [found[name].points for name in watching]

    assert now() == [0, 0, 0, 0, 0]
    bikes.report("b" * 64, day=10)
    assert now() == [0, 0, 0, 0, 0]
    bikes.report(bikes.digest, day=11)
    bikes.report(bikes.digest, day=11, rows=90)
    assert now() == [0.5, 0.5, 0.5, 0.5, 0.5]
    bikes.report(bikes.digest, day=12)
    assert now() == [1, 1, 1, 0.5, 0.5]


def test_answers_in_another_stage_count_only_from_before_the_promotion(bikes):
    bikes.report(bikes.digest, day=20, stage="staging")
    assert items(bikes, bikes.session)["infra_6"].points == 0
    bikes.report(bikes.digest, day=1, stage="staging")
    assert items(bikes, bikes.session)["infra_6"].points == 0.5


def test_tests_of_behaviour_count_whole_only_if_the_promotion_has_required_them(bikes):
    def behaving(day, **found):
        one = BehaviourResult(**{"name": "warm", "kind": "direction", "rows": 9, "failed": 0, **found})
        at = f"2026-11-{day}T00:00:00.000Z"
        return bikes.evaluation(bikes.digest, {}, behaviour=(one,), at=at)

    def now():
        return items(bikes, bikes.session)["infra_2"].points

    assert now() == 0
    behaving(11, passed=False, required=False)
    assert now() == 0
    newest = behaving(12, passed=True, required=True)
    assert now() == 0.5
    evidence = {"evaluation": newest, "forced": False}
    bikes.decide("promote", ADA, {"stages/demand/production": None})
    bikes.decide("promote", ADA, {"stages/demand/production": bikes.digest}, evidence=evidence)
    assert now() == 1


def test_versions_that_are_elsewhere_do_not_stop_it(bikes):
    other = bikes.version(3)
    bikes.evaluation(other, {})
    bikes.decide("promote", ADA, {"stages/demand/staging": other}, evidence={"forced": False})
    bikes.store.layout.fact("models", other).unlink()
    assert items(bikes, bikes.session)["model_7"].points == 0.5


def test_a_least_that_is_no_number_lets_nothing_pass(learner):
    with pytest.raises(UsageError):
        scored(learner, check=True, least=float("nan"))


def test_a_run_that_was_fitted_again_counts_half_by_hand_and_whole_by_ci(learner):
    train(learner.session(), TrainRequest())
    assert items(learner)["infra_1"].points == 0
    assert items(learner)["infra_1"].next == "mlctl reproduce demand@1"
    reproduce(learner.session(), ReproduceRequest())
    by_hand = items(learner)["infra_1"]
    assert (by_hand.points, by_hand.how, by_hand.proofs[0].kind) == (0.5, "shown", "reproduction")
    reproduce(via(learner.session(), "ci"), ReproduceRequest())
    by_ci = items(learner)["infra_1"]
    assert by_ci.points == 1
    assert "via ci" in by_ci.proofs[0].told
    train(learner.session(), TrainRequest(set=("alpha=3",)))
    assert items(learner)["infra_1"].points == 0, "another version is in question now"


def reproduction(project, **values):
    session = project.session()
    (digest, version), *_ = session.repository.facts.where(ModelVersion, model="demand")
    fact = Reproduction(
        created_at=session.now(), model="demand", run=version.run, version=digest, actor=session.actor,
        command="mlctl reproduce", environment=environment(), **values,
    )  # fmt: skip
    session.repository.facts.add(fact)


def test_what_came_out_otherwise_takes_the_points_unless_it_tells_of_the_place(learner):
    train(learner.session(), TrainRequest())
    reproduction(learner, equal=False, place="files", cause="library build")
    assert items(learner)["infra_1"].points == 0
    reproduction(learner, equal=True)
    reproduction(learner, equal=False, place="files", cause="library build")
    assert items(learner)["infra_1"].points == 0.5, "other libraries are not the training's doing"
    reproduction(learner, equal=False, place="files", cause="seed")
    found = items(learner)["infra_1"]
    assert (found.points, found.why) == (0, "demand@1 did not reproduce: files differ first, class: seed")

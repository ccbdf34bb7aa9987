import itertools

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import GateRefused, NotFound
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.evidence.loading import open_predictor
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import matrix_from_table
from mlctl.tabular.parquet import table_from
from mlctl.verbs.data_add import data_add
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import rows, spec


def trained(project, **request):
    return train(project.session(), TrainRequest(**request)).data


def evaluated(project, **request):
    return evaluate(project.session(), EvalRequest(**request)).data


def promoted(project, **request):
    return promote(project.session(), PromoteRequest(**request)).data


def test_metrics_have_intervals_slices_a_baseline_and_kept_predictions(learner):
    made = trained(learner)
    found = evaluated(learner)
    assert (found.model, found.version, found.changed, found.rows) == ("demand", 1, True, 100)
    assert found.metrics["mae"].value == pytest.approx(made.metrics["mae"])
    assert found.metrics["mae"].low < found.metrics["mae"].value < found.metrics["mae"].high
    assert (found.resample, found.units) == ("week", 15)
    assert 0 < found.slices["cold"].rows < 100
    assert found.baseline["mae"].value == pytest.approx(made.baseline["mae"])
    assert found.baseline_difference["mae"].high < 0
    assert found.incumbent.verdict == "none"
    assert found.gates["passed"]
    assert found.notes["slope"]["low"] < found.notes["slope"]["value"] < found.notes["slope"]["high"]
    repository = learner.session().repository
    fact = repository.facts.get(Evaluation, found.evaluation)
    table = table_from(repository.objects.read(fact.predictions))
    assert table.num_rows == 100
    assert {"id", "day", "rides", "mlctl.output", "mlctl.baseline"} <= set(table.column_names)


def test_the_same_question_is_answered_from_the_store(learner):
    trained(learner)
    first = evaluated(learner)
    second = evaluated(learner)
    assert second.changed is False
    assert (second.evaluation, second.metrics) == (first.evaluation, first.metrics)


def test_after_its_promotion_a_version_is_still_evaluated(learner):
    trained(learner)
    evaluated(learner)
    promoted(learner)
    assert evaluated(learner).changed is False


def test_an_incumbent_that_has_learnt_the_test_rows_is_compared_by_its_tested_artefact(learner):
    trained(learner)
    promoted(learner)
    trained(learner, set=("alpha=5000",))
    found = evaluated(learner).incumbent
    assert (found.version, found.artefact, found.rows, found.verdict) == (1, "tested", 100, "worse")
    assert "has learnt from these rows" in found.why
    assert found.metrics["mae"].low > 0


def test_on_later_rows_what_the_stage_holds_is_compared_itself(learner):
    trained(learner)
    promoted(learner)
    learner.write("data/rides.csv", rows(days=600))
    trained(learner)
    found = evaluated(learner).incumbent
    assert (found.version, found.artefact, found.verdict) == (1, "deployed", "cannot_tell")
    assert found.rows == 150  # all test rows come after the 400 that the refit has learnt


def test_only_rows_later_than_what_the_stage_has_learnt_count(learner):
    trained(learner)
    promoted(learner)
    learner.write("data/rides.csv", rows(days=440))
    trained(learner)
    found = evaluated(learner).incumbent
    assert (found.artefact, found.rows) == ("deployed", 40)


def test_without_rows_that_neither_has_learnt_there_is_no_comparison(learner):
    trained(learner, test="5%")
    promoted(learner)
    trained(learner, test="40%", window="60d")
    found = evaluated(learner).incumbent
    assert (found.version, found.verdict, found.rows) == (1, "none", 0)
    assert "has learnt from all but fewer than 30" in found.why


def test_an_incumbent_that_can_not_score_the_rows_is_no_ground_for_a_verdict(learner):
    trained(learner)
    promoted(learner)
    text = rows(days=600).replace(",wind,", ",gust,")
    learner.write("data/rides.csv", text)
    trained(learner)
    found = evaluated(learner).incumbent
    assert found.verdict == "none"
    assert "cannot score these rows" in found.why
    assert "wind" in found.why


def test_an_incumbent_with_another_target_is_no_ground_for_a_verdict(learner):
    trained(learner)
    promoted(learner)
    learner.write("mlctl.toml", spec().replace('target = "rides"', 'target = "wind"'))
    trained(learner)
    assert "predicts rides" in evaluated(learner).incumbent.why


def test_other_data_may_be_scored_and_rows_that_were_learnt_are_pointed_out(learner):
    trained(learner)
    learner.write("data/later.csv", rows(days=50, start="2013-01-01"))
    learner.write("data/overlap.csv", rows(days=400))
    data_add(learner.session(), DataAddRequest(paths=("data/later.csv",)))
    data_add(learner.session(), DataAddRequest(paths=("data/overlap.csv",)))
    found = evaluated(learner, data="later")
    assert (found.dataset, found.rows) == ({"name": "later", "version": 1}, 50)
    outcome = evaluate(learner.session(), EvalRequest(data="overlap@1"))
    assert outcome.warnings == ("the model has learnt from 300 of these 400 rows",)


def test_check_refuses_where_the_gates_would_and_gives_the_data_all_the_same(learner):
    learner.write(
        "mlctl.toml",
        spec(gates="[model.demand.gates.production]\nmae = { max = 0.1 }\nr2 = { min = 0.999 }\n"),
    )
    trained(learner)
    assert evaluated(learner).gates["passed"] is False
    with pytest.raises(GateRefused) as raised:
        evaluated(learner, check=True)
    assert [reason["gate"] for reason in raised.value.facts["reasons"]] == ["mae.max", "r2.min"]
    assert raised.value.data.metrics["mae"].value > 0.1
    assert raised.value.hints[0].startswith("mlctl promote demand@1 --to production --force --reason")
    evaluated(learner, check=True, to="staging")


def test_metrics_that_only_a_gate_names_are_measured_too(learner):
    learner.write("mlctl.toml", spec(gates="[model.demand.gates.production]\nrmse = { max = 10 }\n"))
    trained(learner)
    assert evaluated(learner).metrics["rmse"].value > 0


def test_a_dry_run_measures_nothing(learner):
    trained(learner)
    planned = evaluated(learner, dry_run=True)
    assert (planned.changed, planned.evaluation) == (True, None)
    assert learner.session().repository.facts.all(Evaluation) == []


def test_without_a_version_the_way_to_one_is_said(learner):
    with pytest.raises(NotFound, match="no version") as raised:
        evaluated(learner)
    assert raised.value.hints == ("mlctl train demand",)


def test_on_other_data_the_incumbent_is_compared_where_the_candidate_has_not_learnt_either(learner):
    trained(learner)
    promoted(learner)
    trained(learner, test="5%")
    learner.write("data/overlap.csv", rows(days=400))
    data_add(learner.session(), DataAddRequest(paths=("data/overlap.csv",)))
    found = evaluated(learner, data="overlap").incumbent
    assert (found.verdict, found.rows) == ("none", 0)
    assert "one of versions 2 and 1 has learnt" in found.why


def test_a_level_that_was_learnt_from_the_test_days_is_not_held_against_the_candidate(learner):
    trained(learner)
    refit = promoted(learner).digest
    session = learner.session()
    facts, decisions = session.repository.facts, session.repository.decisions
    held = facts.get(ModelVersion, refit)
    levels = [
        facts.add(msgspec.structs.replace(held, level=level, level_through=through))
        for level, through in ((1.5, "2012-03-01T00:00:00Z"), (1.1, "2012-07-01T00:00:00Z"))
    ]
    for step, (old, new) in enumerate(itertools.pairwise([refit, *levels]), start=1):
        changes = (
            Change(name=f"models/demand/1/level/{step}", old=None, new=new),
            Change(name="stages/demand/production", old=old, new=new),
        )
        draft = Draft(kind="recalibrate", changes=changes, needs=(new,))
        decisions.commit(lambda _, it=draft: it, actor=session.actor, command="a test", now=session.now)
    learner.write("data/rides.csv", rows(days=600))
    trained(learner)
    found = evaluated(learner).incumbent
    assert (found.version, found.artefact, found.rows) == (1, "deployed", 150)
    assert found.digest == levels[1]
    assert found.why == "each row at the recalibration that was learnt from labels before it"
    evaluation = facts.get(Evaluation, evaluated(learner).evaluation)
    table = table_from(session.repository.objects.read(evaluation.predictions))
    predictor = open_predictor(session, held)
    plain = predictor.predict(matrix_from_table(Encoder(held.features), table))
    given = np.asarray(table.column("mlctl.incumbent")) / plain
    days = np.asarray(table.column("day").cast(pa.string()))
    assert set(given[days <= "2012-07-01"].round(6)) == {1.5}
    assert set(given[days > "2012-07-01"].round(6)) == {1.1}


def test_a_stage_that_looks_misspelt_is_refused_before_anything_is_measured(learner):
    train(learner.session(), TrainRequest())
    with pytest.raises(NotFound, match="did you mean 'production'") as raised:
        evaluate(learner.session(), EvalRequest(to="produktion"))
    assert raised.value.hints == ("mlctl eval demand --to production",)


def test_documents_come_from_the_store_alone(learner):
    made = trained(learner)
    first = evaluated(learner)
    repository = learner.session().repository
    version = repository.facts.get(ModelVersion, made.digest)
    for file in version.artefacts:  # no model can be asked, and no row read again
        repository.layout.object(file.sha256).unlink()
    learner.write("data/rides.csv", "gone\n")
    found = evaluated(learner, markdown="comment.md", html="page.html")
    assert found.changed is False
    assert found.evaluation == first.evaluation
    assert found.written == {"markdown": "comment.md", "html": "page.html"}
    assert "Residuals over time" in (learner.root / "page.html").read_text()
    text = (learner.root / "comment.md").read_text()
    assert text == evaluated(learner, markdown="-").markdown
    assert text.startswith("### demand@1: production holds nothing to compare it with")


def test_documents_have_the_incumbents_curves_and_the_gates_that_hold(learner):
    trained(learner)
    promote(learner.session(), PromoteRequest())
    train(learner.session(), TrainRequest(set=("alpha=500",)))
    found = evaluated(learner, markdown="comment.md", html="page.html")
    text = (learner.root / "page.html").read_text()
    assert text.count('<polyline class="rival"') == 5
    assert "demand@1" in text
    assert "baseline" in [one["gate"] for one in found.gates["held"]]
    assert "- holds baseline: mae" in (learner.root / "comment.md").read_text()
    assert evaluated(learner).gates == found.gates, "told alike when nothing is measured"


def test_what_the_gates_refuse_is_written_all_the_same(learner):
    learner.write("mlctl.toml", spec(gates="[model.demand.gates.production]\nmae = { max = 0.1 }\n"))
    trained(learner)
    with pytest.raises(GateRefused) as raised:
        evaluated(learner, check=True, markdown="comment.md", html="page.html")
    assert raised.value.data.written == {"markdown": "comment.md", "html": "page.html"}
    assert "**refused** mae.max" in (learner.root / "comment.md").read_text()


def test_a_dry_run_writes_no_document(learner):
    trained(learner)
    evaluated(learner)
    assert evaluated(learner, dry_run=True, markdown="comment.md").written == {}
    assert not (learner.root / "comment.md").exists()

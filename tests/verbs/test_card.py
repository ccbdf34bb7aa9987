"""The model card, from facts made by hand for a golden file, and from a real life."""

import re
from pathlib import Path

import pytest

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.refs import approval, stage
from mlctl.domain.requests.card import CardRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.card import card
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.hand_made import ADA, BEA, CI, Bikes
from tests.verbs.learner import spec

GOLDEN = Path(__file__).with_name("card.md")


@pytest.fixture
def bikes(tmp_path):
    """Two versions; the first was promoted by force, replaced, and brought back by CI."""
    made = Bikes(tmp_path)
    one, two = made.version(1), made.version(2)
    evaluation = made.evaluation(one, {"learnt_rows": 21})
    production = stage("demand", "production")
    made.decide(
        "approve", BEA, {approval("demand", one, "production", "a" * 16): one}, evidence={"signature": None}
    )
    reason = {"gate": "mae.max", "slice": None, "value": 41.25, "limit": 40, "why": "above 40"}
    made.decide(
        "promote", ADA, {production: one}, reason="the old one | is down",
        evidence={"evaluation": evaluation, "forced": True, "reasons": [reason]},
    )  # fmt: skip
    made.decide("promote", ADA, {production: two}, evidence={"evaluation": evaluation, "forced": False})
    made.decide("rollback", CI, {production: one}, reason="alarm")
    return made


def markdown(session, selector=None):
    return card(session, CardRequest(selector=selector, markdown="-")).data.markdown


def test_the_card_is_the_golden_one(bikes):
    text = re.sub(r"\b(?!c{40}\b)[0-9a-f]{12,64}\b", "DIGEST", markdown(bikes.session))
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_a_stage_a_version_and_nothing_mean_what_they_mean_elsewhere(bikes):
    said = {
        selector: card(bikes.session, CardRequest(selector=selector)).data.version
        for selector in (None, "demand@production", "demand@production~1", "demand@2", "demand")
    }
    assert said == {
        None: 1,
        "demand@production": 1,
        "demand@production~1": 2,
        "demand@2": 2,
        "demand": 2,
    }
    with pytest.raises(NotFound):
        card(bikes.session, CardRequest(selector="demand@9"))


def test_what_is_not_on_record_is_missing_and_no_number_takes_its_place(bikes):
    found = card(bikes.session, CardRequest(selector="demand@2")).data
    assert {"rows measured", "metrics", "slices", "weak slices found", "groups compared"} <= set(
        found.missing
    )
    results = next(section for section in found.sections if section.title == "Results")
    assert results.tables == ()
    assert all(line.text is None for line in results.lines)


def test_the_card_of_a_real_life_says_what_the_evaluation_says(learner):
    train(learner.session(), TrainRequest())
    measured = evaluate(learner.session(), EvalRequest()).data
    promote(learner.session(), PromoteRequest(reason="better than nothing"))
    text = markdown(learner.session())
    mae = measured.metrics["mae"]
    row = next(line for line in text.splitlines() if line.startswith("| mae |"))
    told = [float(number) for number in re.findall(r"-?\d+\.?\d*", row.split("|")[2])]
    assert told == pytest.approx([mae.value, mae.low, mae.high], rel=1e-3)
    assert f"| cold | {measured.slices['cold'].rows} |" in text
    assert "| production | 2030-01-01T" in text
    assert "| better than nothing | - |" in text
    assert "**refit**: 400 rows" in text


def test_words_of_the_spec_change_neither_run_nor_gates(learner):
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    learner.write("mlctl.toml", spec() + '\n[model.demand.card]\npurpose = "plans vans"\n')
    assert train(learner.session(), TrainRequest()).data.changed is False
    assert evaluate(learner.session(), EvalRequest()).data.changed is False
    assert "- **purpose**: plans vans" in markdown(learner.session())


def test_a_file_is_written_whole_and_named(bikes, tmp_path):
    file = tmp_path / "CARD.md"
    done = card(bikes.session, CardRequest(markdown=str(file))).data
    assert (done.written, done.markdown) == (str(file), None)
    assert file.read_text(encoding="utf-8") == markdown(bikes.session)
    assert [path.name for path in tmp_path.glob(".*aside")] == []


def test_an_evaluation_of_another_version_lends_no_numbers(bikes):
    assert "41.25" in markdown(bikes.session, "demand@1")
    assert "41.25" not in markdown(bikes.session, "demand@2")


@pytest.mark.parametrize(("path", "error"), [("nofolder/CARD.md", NotFound), (".", UsageError)])
def test_a_file_that_cannot_be_one_is_refused(bikes, tmp_path, path, error):
    with pytest.raises(error):
        card(bikes.session, CardRequest(markdown=str(tmp_path / path)))

"""The model card, from facts made by hand for a golden file, and from a real life."""

import re
from pathlib import Path

import msgspec
import pytest

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.errors import NotFound
from mlctl.domain.evaluation import (
    Difference,
    Estimate,
    Evaluation,
    Fairness,
    FoundSlice,
    Gap,
    Group,
    IncumbentResult,
    SliceResult,
    SliceSearch,
)
from mlctl.domain.in_use import DataChecked, InUse
from mlctl.domain.model import FeatureEncoding, Input, ModelVersion, Signature
from mlctl.domain.refs import approval, model_version, stage
from mlctl.domain.requests.card import CardRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import CodeState
from mlctl.verbs.card import card
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.store import full
from tests.verbs.learner import spec

GOLDEN = Path(__file__).with_name("card.md")
SPEC = """\
spec = 1
[project]
name = "bikes"
owner = "bikes@example.org"
[data.rides]
path = "data/hour.csv"
[model.demand]
data = "rides"
target = "cnt"
estimator = "sklearn.linear_model:Ridge"
[model.demand.card]
purpose = "Plans vans for *tomorrow*; read by the night shift."
limits = "Not for single stations."
"""
ADA = Actor(name="Ada", email="ada@example.org", user="ada", host="here", via="terminal")
BEA = Actor(name="Bea", email="bea@example.org", user="bea", host="there", via="terminal")
CI = Actor(user="runner", host="ci", via="ci")
SIGNATURE = Signature(
    inputs=(
        Input(name="hr", type="integer", role="feature", minimum=0, maximum=23),
        Input(name="weather", type="string", role="feature", nullable=True, categories=("clear", "rain")),
        Input(name="instant", type="integer", role="context"),
    ),
    target="cnt",
    target_type="integer",
    task="regression",
)


class Bikes:
    """A repository of records made by hand; every time is fixed."""

    def __init__(self, folder):
        self.session = full.session(folder)
        self.store = self.session.repository
        (self.session.root / "mlctl.toml").write_text(SPEC, encoding="utf-8")
        self.dataset = full.add_dataset(self.store)
        self.day = 1

    def decide(self, kind, actor, moves, *, reason=None, evidence=None):
        self.day += 1
        done = self.store.decisions.commit(
            lambda names: Draft(
                kind=kind,
                changes=tuple(Change(name=n, old=names.value(n), new=v) for n, v in moves.items()),
                reason=reason,
                evidence=evidence or {},
            ),
            actor=actor,
            command=f"mlctl {kind}",
            now=lambda: f"2026-11-{self.day:02d}T00:00:00.000Z",
        )
        return done.entry.number

    def version(self, number):
        run = full.add_run(self.store, self.dataset, number)
        code = CodeState(commit="c" * 40, dirty=number == 1)
        run = msgspec.structs.replace(run, run=full.new_id(number + 100), code=code)
        self.store.facts.add(run)
        version = ModelVersion(
            created_at=full.T, model="demand", run=run.run, flavor="sklearn", artefacts=(),
            estimator="sklearn.linear_model:Ridge", parameters={"alpha": number}, signature=SIGNATURE,
            features=(
                FeatureEncoding(column="hr", type="number", treatment="scale"),
                FeatureEncoding(column="weather", type="category", treatment="onehot"),
            ),
            rows=8645, learnt_from="2011-01-01T00:00:00Z", learnt_through="2011-10-19T23:00:00Z",
            datasets=(self.dataset,),
        )  # fmt: skip
        digest = self.store.facts.add(version)
        self.decide("train", ADA, {model_version("demand", number): digest})
        return digest

    def evaluation(self, digest):
        mae, base = Estimate(value=41.25, low=39.0, high=43.5), Estimate(value=120.5, low=118, high=123)
        rate = {"recall": Estimate(value=0.75, low=0.7, high=0.8)}
        gap = Estimate(value=0.125, low=0.05, high=0.2)
        one = Evaluation(
            created_at=full.T, model="demand", model_digest=digest, key=full.ANY, dataset="rides",
            dataset_digest=self.dataset, stage="production", rows=2161, resample="week", units=13,
            samples=1000, seed=7, metrics={"mae": mae, "r2": Estimate(value=None)},
            slices={"night": SliceResult(rows=700, metrics={"mae": Estimate(value=12.5)})},
            baseline={"mae": base},
            baseline_difference={"mae": Difference(difference=-79.25, low=-82, high=-76)},
            incumbent=IncumbentResult(), predictions=self.store.objects.put(b"rows"),
            search=SliceSearch(
                looked_at=214, loss="absolute error",
                found=(FoundSlice(where="hr >= 17", rows=180, value=96.5, overall=41.25, p=0.001),),
            ),
            fairness={
                "district": Fairness(
                    groups={"north": Group(rows=1200, rates=rate), "south": Group(rows=961, rates=rate)},
                    gaps={
                        "opportunity": Gap(
                            rate="recall", high="north", low="south", difference=gap, ratio=gap
                        )
                    },
                )
            },
            test=full.ANY, test_from="2011-10-20T00:00:00Z", test_through="2011-12-31T23:00:00Z",
            in_use=InUse(bytes=1_250_000, latency_ms=0.5, runs=9),
            data_checks=DataChecked(data="rides", checks=2, failed=("between(hum, 0.01, 1): 22 rows",)),
            notes={"learnt_rows": 21},
        )  # fmt: skip
        return self.store.facts.add(one)


@pytest.fixture
def bikes(tmp_path):
    """Two versions; the first was promoted by force, replaced, and brought back by CI."""
    made = Bikes(tmp_path)
    one, two = made.version(1), made.version(2)
    evaluation = made.evaluation(one)
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

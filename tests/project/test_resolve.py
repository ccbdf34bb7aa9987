"""Selectors looked up in a real store."""

from datetime import UTC, datetime

import pytest

from mlctl.domain.errors import Ambiguous, NotFound
from mlctl.project import resolve as r
from mlctl.project.session import Session
from tests.store import full


@pytest.fixture
def session(tmp_path) -> Session:
    repository = full.Repository.create(
        tmp_path / "p", actor=full.ACTOR, command="init", now=lambda: "2026-11-01T00:00:00.000Z"
    )
    return Session(repository, actor=full.ACTOR, clock=lambda: datetime(2026, 11, 2, tzinfo=UTC))


@pytest.fixture
def life(session) -> dict[str, str]:
    """Two versions of demand, promoted one after the other."""
    repository = session.repository
    dataset = full.add_dataset(repository)
    one, two = full.add_model(repository, dataset, 1), full.add_model(repository, dataset, 2)
    full.decide(repository, "promote", stages__demand__production=one)
    full.decide(repository, "promote", stages__demand__production=two)
    return {"dataset": dataset, "one": one, "two": two}


@pytest.mark.parametrize(
    ("text", "which", "number", "stage"),
    [
        ("demand", "two", 2, None),
        ("demand@1", "one", 1, None),
        ("demand@latest", "two", 2, None),
        ("demand@latest~1", "one", 1, None),
        ("demand@production", "two", 2, "production"),
        ("production", "two", 2, "production"),
        ("demand@production~1", "one", 1, "production"),
        ("production~1", "one", 1, "production"),
        ("demand@production@{2026-11-01T12:00Z}", "two", 2, "production"),
    ],
)
def test_a_model_selector_means_a_version(session, life, text, which, number, stage):
    found = r.resolve_model(session, text)
    assert (found.digest, found.number, found.stage, found.model) == (life[which], number, stage, "demand")
    assert found.version.model == "demand"


@pytest.mark.usefixtures("life")
def test_a_moment_before_everything_knows_nothing(session):
    with pytest.raises(NotFound, match="at 2026-01-01"):
        r.resolve_model(session, "demand@production@{2026-01-01}")


def test_a_refit_goes_by_its_version_number(session, life):
    version = session.repository.facts.get(full.ModelVersion, life["two"])
    refit = session.repository.facts.add(full.msgspec.structs.replace(version, refit_of=life["two"]))
    full.decide_moves(
        session.repository, "promote", {"models/demand/2/refit": refit, "stages/demand/production": refit}
    )
    found = r.resolve_model(session, "demand@production")
    assert (found.digest, found.number) == (refit, 2)
    assert r.resolve_model(session, "demand@2").digest == life["two"]
    assert r.resolve_model(session, "demand@production~1").digest == life["two"]


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("demnad@1", "did you mean 'demand'", "mlctl show demand"),
        ("demand@9", "demand@9 does not exist; there is demand@1, demand@2", "mlctl show demand@2"),
        ("demand@prodution", "did you mean demand@production", "mlctl show demand@production"),
        ("demand@canary", "it has production", "mlctl promote demand --to canary"),
        ("demand@production~5", "held nothing else", "mlctl log --name stages/demand/production"),
        ("zzz", "no model", "mlctl models"),
    ],
)
@pytest.mark.usefixtures("life")
def test_what_is_not_there_is_told_with_what_is_near(session, text, why, hint):
    with pytest.raises(NotFound, match=why) as caught:
        r.resolve_model(session, text)
    assert caught.value.hints[0] == hint


def test_a_withdrawn_version_is_told_apart_from_one_that_never_was(session, life):
    full.decide(session.repository, "withdraw", stages__demand__production=life["one"])
    full.decide(session.repository, "withdraw", models__demand__2=None)
    with pytest.raises(NotFound, match="was withdrawn"):
        r.resolve_model(session, "demand@2")


def test_a_bare_stage_of_two_models_is_ambiguous(session, life):
    repository = session.repository
    version = repository.facts.get(full.ModelVersion, life["one"])
    other = repository.facts.add(full.msgspec.structs.replace(version, model="other"))
    full.decide_moves(repository, "train", {"models/other/1": other})
    full.decide_moves(repository, "promote", {"stages/other/production": other})
    with pytest.raises(Ambiguous, match="demand@production, other@production"):
        r.resolve_model(session, "production")


@pytest.mark.parametrize("text", ["rides", "rides@1", "rides@latest"])
def test_a_dataset_selector_means_a_version(session, life, text):
    found = r.resolve_dataset(session, text)
    assert (found.name, found.number, found.digest) == ("rides", 1, life["dataset"])


@pytest.mark.parametrize(
    ("text", "why"), [("rids", "'rides'"), ("rides@2", "rides@1"), ("rides@production", "no stages")]
)
@pytest.mark.usefixtures("life")
def test_a_dataset_that_is_not_there_is_told_with_what_is_near(session, text, why):
    with pytest.raises(NotFound, match=why):
        r.resolve_dataset(session, text)


@pytest.mark.usefixtures("life")
def test_a_run_is_found_by_a_prefix_that_only_it_has(session):
    runs = [run for _digest, run in session.repository.facts.all(full.Run)]
    whole = runs[0].run
    assert r.resolve_run(session, f"run:{whole}").run.run == whole
    assert r.resolve_run(session, f"run:{whole.lower()}").run.run == whole
    with pytest.raises(Ambiguous) as caught:
        r.resolve_run(session, f"run:{whole[:6]}")
    assert set(caught.value.facts["candidates"]) == {f"run:{run.run}" for run in runs}
    with pytest.raises(NotFound):
        r.resolve_run(session, "run:zzz")
    with pytest.raises(NotFound):
        r.resolve_run(session, "run:")


def test_a_prediction_is_found_by_its_id(session, life):
    journal = session.repository.predictions.journal("demand", "sync")
    one = full.answered(life["one"], 3)
    journal.append(one)
    journal.close()
    assert r.resolve_prediction(session, f"prediction:{one.ids[0]}").row["hr"] == 3
    assert isinstance(r.resolve(session, one.ids[0]), r.PredictionFound)
    with pytest.raises(NotFound):
        r.resolve_prediction(session, "prediction:nothing")


def test_anything_is_found_by_whatever_names_it(session, life):
    evaluation = full.add_evaluation(session.repository, life["one"], life["dataset"])
    run = session.repository.facts.all(full.Run)[0][1]
    assert isinstance(r.resolve(session, "demand@1"), r.ModelFound)
    assert isinstance(r.resolve(session, "model:demand@1"), r.ModelFound)
    assert isinstance(r.resolve(session, "production"), r.ModelFound)
    assert isinstance(r.resolve(session, "rides"), r.DatasetFound)
    assert isinstance(r.resolve(session, "dataset:rides@1"), r.DatasetFound)
    assert isinstance(r.resolve(session, run.run), r.RunFound)
    assert isinstance(r.resolve(session, f"run:{run.run}"), r.RunFound)
    assert r.resolve(session, "3").committed.entry.number == 3
    assert r.resolve(session, "decision:3").committed.entry.number == 3
    assert r.resolve(session, evaluation[:10]).digest == evaluation
    assert r.resolve(session, life["one"][:12]).number == 1
    with pytest.raises(NotFound, match="known"):
        r.resolve(session, "qqqqqqqq")
    with pytest.raises(NotFound, match="newest"):
        r.resolve(session, "99")


def test_a_name_of_a_model_and_of_a_dataset_is_ambiguous_until_its_kind_is_said(session, life):
    version = session.repository.facts.get(full.DatasetVersion, life["dataset"])
    digest = session.repository.facts.add(full.msgspec.structs.replace(version, name="demand"))
    full.decide_moves(session.repository, "data add", {"datasets/demand/1": digest})
    with pytest.raises(Ambiguous) as caught:
        r.resolve(session, "demand@1")
    for candidate in caught.value.facts["candidates"]:
        r.resolve(session, candidate)

import json
import time

import pytest

from mlctl.domain.errors import Corrupt, NotFound, UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.prediction import Answered
from mlctl.domain.requests.blame import BlameRequest
from mlctl.domain.requests.labels_add import LabelsAddRequest
from mlctl.serving.ids import ulids
from mlctl.verbs.blame import blame
from mlctl.verbs.labels_add import labels_add
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings

from .served import Served


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path / "bikes")


def answer(served, number, stage="production", instants=(7, 8)):
    """Log answers of a version now; their ids."""
    session = served.session
    now = session.clock()
    ids = ulids(int(now.timestamp() * 1000), len(instants))
    journal = session.repository.predictions.journal("demand", "sync")
    journal.append(
        Answered(
            time=session.now(),
            model="demand",
            stage=stage,
            digest=served.versions[number],
            ids=ids,
            columns={
                "instant": list(instants),
                "hr": [17] * len(instants),
                "weather": ["rain"] * len(instants),
            },
            outputs=tuple(100.0 * number + i for i in range(len(instants))),
            latency_ms=0.2,
        )
    )
    journal.close()
    return ids


def test_the_chain_goes_from_the_answer_to_decision_run_data_and_code(served):
    decision = served.promote(1)
    prediction = answer(served, 1)[1]
    data = blame(served.fresh(), BlameRequest(prediction=prediction)).data
    assert data.prediction == prediction
    assert data.input == {"instant": 8, "hr": 17, "weather": "rain"}
    assert (data.output, data.model, data.version, data.digest) == (101.0, "demand", 1, served.versions[1])
    assert (data.stage, data.decision) == ("production", decision)
    assert (data.decided.kind, data.decided.actor.name) == ("promote", "Ada")
    assert data.run == data.trained.run
    assert data.code.commit == "c" * 40
    [dataset] = data.datasets
    assert (dataset.name, dataset.version, dataset.path, dataset.rows, dataset.verified) == (
        "rides",
        1,
        "rides.csv",
        400,
        True,
    )
    assert len(dataset.md5) == 32
    assert data.label is None
    assert data.verified


def test_the_decision_is_the_one_that_held_when_it_answered_not_todays(served):
    first = served.promote(1)
    early = answer(served, 1)[0]
    served.promote(2)
    second = served.promote(1)
    late = answer(served, 1)[0]
    assert blame(served.fresh(), BlameRequest(prediction=early)).data.decision == first
    assert blame(served.fresh(), BlameRequest(prediction=late)).data.decision == second


def test_an_answer_of_a_fixed_version_is_blamed_on_the_decision_that_named_it(served):
    data = blame(served.fresh(), BlameRequest(prediction=answer(served, 2, stage=None)[0])).data
    assert (data.stage, data.decided.kind, data.version) == (None, "train", 2)


def test_a_key_finds_the_newest_of_its_answers(served):
    served.promote(1)
    answer(served, 1)
    time.sleep(0.002)  # ids of one millisecond have no order
    newest = answer(served, 1, instants=(8,))[0]
    outcome = blame(served.fresh(), BlameRequest(key=("instant=8",)))
    assert (outcome.data.prediction, outcome.data.answers) == (newest, 2)
    assert outcome.warnings
    assert blame(served.fresh(), BlameRequest(key=("instant=7", "hr=17"))).data.answers == 1


@pytest.mark.parametrize(
    "request_", [BlameRequest(), BlameRequest(prediction="x", key=("a=b",)), BlameRequest(key=("instant",))]
)
def test_an_id_or_a_key_is_needed_and_not_both(served, request_):
    with pytest.raises(UsageError):
        blame(served.fresh(), request_)


@pytest.mark.parametrize(
    "request_", [BlameRequest(prediction="01JD8Z3V5W4N8Q0T1X2Y3Z4A5B"), BlameRequest(key=("instant=999",))]
)
def test_an_answer_that_nobody_logged_is_not_found(served, request_):
    answer(served, 1)
    with pytest.raises(NotFound):
        blame(served.fresh(), request_)


def test_the_label_that_counts_stands_beside_the_answer(served):
    served.promote(1)
    prediction = answer(served, 1)[1]
    for text in ("instant,cnt\n8,90\n", "instant,cnt\n8,95\n"):
        (served.root / "labels.csv").write_text(text)
        added = labels_add(served.fresh(), LabelsAddRequest(path=str(served.root / "labels.csv"))).data
    label = blame(served.fresh(), BlameRequest(prediction=prediction)).data.label
    assert (label.value, label.batch, label.decision) == (95, added.batch, added.decision)


def cached(served, dataset):
    return DvcCache(read_settings(served.root).cache).path(dataset.md5)


def flip(path):
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :])


@pytest.mark.parametrize(
    "link", ["model record", "model file", "run record", "spec of the run", "data", "decision log"]
)
def test_a_flipped_byte_in_any_link_is_named(served, link):
    decision = served.promote(1)
    prediction = answer(served, 1)[0]
    store = served.session.repository
    version = store.facts.get(ModelVersion, served.versions[1])
    whole = blame(served.fresh(), BlameRequest(prediction=prediction)).data
    [dataset] = whole.datasets
    run = next(path for path in (store.layout.facts / "runs").iterdir() if whole.run in path.read_text())
    spec = json.loads(run.read_text())["spec"]
    flip(
        {
            "model record": store.layout.fact("models", served.versions[1]),
            "model file": store.layout.object(version.artefacts[0].sha256),
            "run record": run,
            "spec of the run": store.layout.object(spec),
            "data": cached(served, dataset),
            "decision log": store.layout.decision(decision),
        }[link]
    )
    with pytest.raises(Corrupt) as caught:
        blame(served.fresh(), BlameRequest(prediction=prediction))
    assert caught.value.hints == ("mlctl fsck",)
    if link != "decision log":
        assert link in caught.value.facts["damaged"][0]["what"]
        assert caught.value.facts["chain"]["verified"] is False
        assert caught.value.facts["chain"]["prediction"] == prediction


def test_data_that_are_not_on_this_machine_are_said_and_not_called_verified(served):
    served.promote(1)
    prediction = answer(served, 1)[0]
    [dataset] = blame(served.fresh(), BlameRequest(prediction=prediction)).data.datasets
    cached(served, dataset).unlink()
    outcome = blame(served.fresh(), BlameRequest(prediction=prediction))
    assert not outcome.data.verified
    assert outcome.data.datasets[0].verified is None
    assert "rides@1" in outcome.warnings[0]

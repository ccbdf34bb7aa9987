"""show on a real store: one thing in full, with what it belongs with."""

import pytest

from mlctl.domain.requests.show import ShowRequest
from mlctl.project.session import Session
from mlctl.verbs.show import show
from tests.store import full


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


def test_show_tells_what_belongs_together(session, life):
    evaluation = full.add_evaluation(session.repository, life["two"], life["dataset"])
    model = show(session, ShowRequest(selector="demand@2")).data
    assert (model.kind, model.title, model.digest) == ("model", "demand@2", life["two"])
    assert model.related["stages"] == ["production"]
    assert model.related["decision"] == 4
    assert [item["digest"] for item in model.related["evaluations"]] == [evaluation]
    run = show(session, ShowRequest(selector=f"run:{model.record['run']}")).data
    assert run.related["models"] == ["demand@2"]
    dataset = show(session, ShowRequest(selector="rides@1")).data
    assert dataset.related["models"] == ["demand@1", "demand@2"]
    assert dataset.record["md5"]
    assert show(session, ShowRequest(selector="6")).data.record["kind"] == "promote"
    assert show(session, ShowRequest(selector=evaluation[:12])).data.kind == "evaluations"

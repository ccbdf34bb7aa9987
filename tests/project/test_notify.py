import json

import pytest

from mlctl.domain.requests.labels_add import LabelsAddRequest
from mlctl.project.notify import notify
from mlctl.verbs.labels_add import labels_add
from tests.verbs.served import Served


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path / "bikes")


def configure(served, text, name="config.local.toml"):
    path = served.session.repository.layout.config.with_name(name)
    path.write_text((path.read_text() if path.exists() else "") + text)


def newest(served):
    decisions = served.fresh().repository.decisions
    return decisions.get(decisions.names().head)


def lines(served, name="decisions.jsonl"):
    return [json.loads(line) for line in (served.root / name).read_text().splitlines()]


def test_without_trackers_nobody_is_told(served):
    assert notify(served.session, newest(served)) == ()


def test_a_tracker_hears_what_was_decided(served):
    configure(served, "[trackers.jsonl]\n")
    assert notify(served.fresh(), newest(served)) == ()
    [event] = lines(served)
    assert event["kind"] == "train"
    assert event["number"] == newest(served).entry.number
    assert event["sha256"] == newest(served).sha256
    assert event["changes"][0]["name"] == "models/demand/2"
    assert event["reason"] is None


def test_the_private_configuration_wins_key_by_key_and_names_are_free(served):
    configure(served, '\n[trackers.audit]\nplugin = "jsonl"\npath = "shared.jsonl"\n', "config.toml")
    configure(served, '[trackers.audit]\npath = "mine.jsonl"\n')
    assert notify(served.fresh(), newest(served)) == ()
    assert len(lines(served, "mine.jsonl")) == 1
    assert not (served.root / "shared.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[trackers.jsonl]\npath = "../../out.jsonl"\n', "leads out of the project"),
        ("[trackers.nothing]\n", "no installed package offers 'nothing'"),
        ('[trackers.webhook]\nurl = "http://127.0.0.1:9/"\ntimeout = 1\n', "127.0.0.1"),
        ("[trackers.jsonl\n", "not told of decision"),
    ],
)
def test_a_tracker_that_fails_is_a_warning_and_the_others_are_told(served, text, word):
    configure(served, text)
    [warning] = notify(served.fresh(), newest(served))
    assert word in warning
    if not text.endswith("[trackers.jsonl\n"):
        configure(served, '[trackers.second]\nplugin = "jsonl"\n')
        assert len(notify(served.fresh(), newest(served))) == 1
        assert len(lines(served)) == 1


def test_a_decision_stands_although_its_tracker_fails(served):
    configure(served, "[trackers.nothing]\n")
    (served.root / "labels.csv").write_text("instant,cnt\n1,10\n")
    outcome = labels_add(served.fresh(), LabelsAddRequest(path=str(served.root / "labels.csv")))
    assert outcome.data.changed
    assert any("tracker nothing" in warning for warning in outcome.warnings)
    assert newest(served).entry.number == outcome.data.decision


def test_nothing_decided_is_nothing_told(served):
    configure(served, "[trackers.jsonl]\n")
    assert notify(served.fresh(), None) == ()
    assert not (served.root / "decisions.jsonl").exists()

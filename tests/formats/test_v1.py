"""A repository written by the first format, opened and verified by today's program."""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.e2e.projects import Terminal, question

ARCHIVE = Path(__file__).parent / "v1" / "repository.tar.gz"
LARGEST = 300_000


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("v1")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run(["git", "init", "-q", str(folder / "repository")], check=True)
    return Terminal(folder / "repository")


@pytest.fixture(scope="module")
def expected(terminal):
    return json.loads((terminal.folder / "expected.json").read_text(encoding="utf-8"))


def test_the_fixture_is_small_and_says_nothing_of_its_maker():
    assert ARCHIVE.stat().st_size < LARGEST
    with tarfile.open(ARCHIVE) as archive:
        assert {(member.uid, member.uname) for member in archive.getmembers()} == {(0, "")}


def test_every_byte_and_decision_verifies(terminal):
    found = terminal.data("fsck")
    assert found["clean"] is True
    for kind in ("decisions", "facts", "objects"):
        assert found["checked"][kind] >= 10, found["checked"]


def test_the_log_is_read_to_its_beginning(terminal, expected):
    log = terminal.data("log")["decisions"]
    assert [one["kind"] for one in log][-len(expected["kinds"]) :] == expected["kinds"]
    assert (log[-1]["number"], log[-1]["kind"], log[-1]["parent"]) == (1, "init", None)


def test_models_runs_and_stages_are_what_they_were(terminal, expected):
    (model,) = terminal.data("models")["models"]
    assert [one["version"] for one in model["versions"]] == expected["versions"]
    assert len(terminal.data("runs")["runs"]) == expected["runs"]
    assert terminal.data("status")["models"][0]["stages"] == expected["stages"]


@pytest.mark.parametrize(
    "what", ["demand@1", "demand@production", "rides@1", "demand-served@1", "decision:3"]
)
def test_each_kind_of_thing_can_be_shown(terminal, what):
    if what.startswith("decision"):
        assert any(one["number"] == 3 for one in terminal.data("log")["decisions"])
    else:
        assert terminal.data("show", what)


def test_a_prediction_of_then_is_blamed_to_its_model_run_and_rows(terminal, expected):
    for prediction, output in zip(expected["predictions"], expected["outputs"], strict=True):
        blamed = terminal.data("blame", prediction)
        assert blamed["verified"] is True
        assert blamed["output"] == pytest.approx(output)
        assert blamed["datasets"]


@pytest.mark.slow
def test_the_life_goes_on(terminal, expected):
    """The old models answer as they did, and new decisions follow the old ones."""
    with terminal.serving("demand@1") as client:
        status, answer = client.predict({"rows": [question(number) for number in range(200, 203)]})
    assert status == 200
    assert answer["predictions"] == pytest.approx(expected["outputs"], rel=0.05)
    terminal.data("train", "--set", "alpha=5.0")
    assert terminal.data("models")["models"][0]["versions"]
    assert terminal.data("fsck")["clean"] is True

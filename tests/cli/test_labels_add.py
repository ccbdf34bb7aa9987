"""`mlctl labels add` in a terminal and for programs."""

import pytest

from tests.verbs.served import Served


@pytest.fixture
def terminal(tmp_path, terminals):
    served = Served(tmp_path / "bikes")
    (served.root / "labels.csv").write_text("instant,cnt\n1,10\n2,20\n2,21\n")
    return terminals(served.root)


def test_labels_are_added_once_and_undone(terminal):
    code, document = terminal.json("labels", "add", "labels.csv")
    assert code == 0
    assert document["schema"] == "mlctl.labels.add/1"
    data = document["data"]
    assert (data["rows"], data["matched"], data["corrected"], data["changed"]) == (2, 0, 0, True)
    assert any("later row" in warning for warning in document["warnings"])
    again = terminal.run("labels", "add", "labels.csv")
    assert again.stdout == "2 labels of demand count already: unchanged\n"
    assert terminal.run("undo").returncode == 0
    assert terminal.json("labels", "add", "labels.csv")[1]["data"]["changed"]


def test_a_file_without_the_target_is_91(terminal):
    (terminal.folder / "other.csv").write_text("instant,count\n1,10\n")
    code, document = terminal.json("labels", "add", "other.csv")
    assert (code, document["error"]["facts"]["nearest"]) == (91, None)
    assert document["error"]["facts"]["column"] == "cnt"


def test_a_dry_run_says_what_would_be_added(terminal):
    assert terminal.run("labels", "add", "labels.csv", "--dry-run").stdout.startswith(
        "would add 2 labels of demand"
    )
    assert terminal.json("labels", "add", "labels.csv")[1]["data"]["changed"]

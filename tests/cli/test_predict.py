"""`mlctl predict` in a terminal and for programs."""

import csv

import pytest

from tests.verbs.served import Served, csv_of, features, rows


@pytest.fixture
def terminal(tmp_path, terminals):
    served = Served(tmp_path / "bikes")
    served.promote(1)
    (served.root / "new.csv").write_text(csv_of(features(row) for row in rows(5)))
    return terminals(served.root)


def test_a_file_is_scored_to_a_file_and_told_in_a_line(terminal):
    done = terminal.run("predict", "production", "new.csv", "-o", "out.csv")
    assert (done.returncode, done.stdout.split(" in ")[0]) == (0, "5 rows predicted by demand@1")
    with (terminal.folder / "out.csv").open(newline="") as file:
        assert [row["instant"] for row in csv.DictReader(file)] == ["1", "2", "3", "4", "5"]


def test_a_dash_is_csv_on_stdout_and_nothing_else(terminal):
    terminal.run("predict", "demand@1", "new.csv", "-o", "out.csv")
    done = terminal.run("predict", "demand@1", "new.csv", "-o", "-")
    assert done.stdout == (terminal.folder / "out.csv").read_text()
    assert terminal.run("predict", "demand@1", "new.csv", "-o", "-", "--json").returncode == 2


def test_the_document_says_who_answered_and_what_was_written(terminal):
    code, document = terminal.json("predict", "demand@2", "new.csv", "-o", "out.parquet")
    assert code == 0
    assert document["schema"] == "mlctl.predict/1"
    data = document["data"]
    assert (data["model"], data["version"], data["rows"], data["output"]) == ("demand", 2, 5, "out.parquet")


def test_a_missing_column_is_91_a_bad_row_81_and_an_unknown_format_2(terminal):
    (terminal.folder / "narrow.csv").write_text("hr\n1\n")
    (terminal.folder / "bad.csv").write_text(
        (terminal.folder / "new.csv").read_text().replace("2012-01-02,", "2012-01-02,x")
    )
    for arguments, code in (
        (("narrow.csv", "-o", "out.csv"), 91),
        (("bad.csv", "-o", "out.csv"), 81),
        (("new.csv", "-o", "out.xlsx"), 2),
        (("none.csv", "-o", "out.csv"), 90),
    ):
        found, document = terminal.json("predict", "demand@1", *arguments)
        assert (found, document["error"]["exit"]) == (code, code), document
    assert not (terminal.folder / "out.csv").exists()

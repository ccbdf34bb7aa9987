"""`status`: the quick way and Typer's way print the same, and the text says what to do."""

import shutil

import pytest


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--check",), ("--check", "--json")])
def test_both_ways_print_the_same(project, arguments):
    for prepare in ([], ["data", "add"]):
        if prepare:
            assert project.run(*prepare).returncode == 0
        quick = project.run("status", *arguments)
        through_typer = project.run("-q", "status", *arguments)
        assert quick.stdout == through_typer.stdout
        assert quick.returncode == through_typer.returncode


def test_both_ways_fail_the_same(terminal):
    quick, through_typer = terminal.run("status"), terminal.run("-q", "status")
    assert (quick.returncode, quick.stdout, quick.stderr) == (
        through_typer.returncode,
        through_typer.stdout,
        through_typer.stderr,
    )
    assert quick.returncode == 10


def test_the_text_says_what_is_stale_why_and_what_to_type(project):
    assert project.run("status").stdout == (
        "project small, 1 decision\n"
        "\n"
        "data\n"
        "  rides  rides.csv  new\n"
        "    data rides: rides.csv has no version yet\n"
        "      mlctl data add rides.csv\n"
        "\n"
        "models\n"
        "  demand\n"
        "    train demand: it has never been trained\n"
        "      mlctl train demand\n"
        "\n"
        "2 things are stale\n"
    )


def test_check_exits_43_with_the_full_data(project):
    code, document = project.json("status", "--check")
    assert code == 43
    assert document["error"]["id"] == "would_change"
    assert document["error"]["hints"] == ["mlctl data add rides.csv"]
    assert document["data"] == project.json("status")[1]["data"]
    assert document["data"]["clean"] is False


def test_a_broken_spec_is_a_warning_and_not_clean(project):
    (project.folder / "mlctl.toml").write_text("spec = 1\n[projekt]\nname = 'x'\n", encoding="utf-8")
    code, document = project.json("status")
    assert code == 0
    assert document["data"]["clean"] is False
    assert "projekt" in document["warnings"][0]
    assert project.run("status", "--check").returncode == 43


def test_a_log_that_is_gone_is_told_in_both_ways(project):
    assert project.run("data", "add").returncode == 0
    assert project.run("status").returncode == 0
    shutil.rmtree(project.folder / ".mlctl/decisions")
    quick, through_typer = project.run("status"), project.run("-q", "status")
    assert quick.stdout == through_typer.stdout
    assert "log\n    log: decision 1 is missing: " in quick.stdout
    assert "      mlctl fsck\n" in quick.stdout
    assert project.run("status", "--check").returncode == 43

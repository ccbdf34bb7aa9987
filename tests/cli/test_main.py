"""The command line as a whole: global options, environment variables, typos, `--describe`."""

import json
import subprocess
import sys

import pytest

from mlctl import __version__
from mlctl.cli import table


def test_the_version_is_one_line(terminal):
    assert terminal.run("--version").stdout == f"mlctl {__version__}\n"
    assert terminal.run("-q", "--version").stdout == f"mlctl {__version__}\n"


def test_without_arguments_the_help_page_is_the_answer(terminal):
    done = terminal.run()
    assert done.returncode == 0
    assert done.stdout == terminal.run("--help").stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["promot"], "mlctl promote"),
        (["data", "ad"], "mlctl data add"),
        (["checkout"], "mlctl data checkout"),
    ],
)
def test_a_mistyped_command_names_the_nearest(terminal, typed, meant):
    done = terminal.run(*typed)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"did you mean {meant!r}?" in done.stderr
    assert f"  try: {meant} --help\n" in done.stderr


def test_a_command_like_nothing_points_at_the_help(terminal):
    done = terminal.run("zzzzzz")
    assert done.returncode == 2
    assert done.stderr == "error: 'mlctl zzzzzz' is no command\n  try: mlctl --help\n"


def test_a_mistyped_option_names_the_nearest(terminal):
    done = terminal.run("status", "--chek")
    assert done.returncode == 2
    assert (
        done.stderr
        == "error: mlctl status has no option --chek; did you mean --check?\n  try: mlctl status --help\n"
    )


@pytest.mark.parametrize(
    "typed", [("promot",), ("status", "--chek"), ("status", "too", "many"), ("-C", "nowhere", "status")]
)
def test_with_json_a_usage_error_is_one_document_with_exit_2(terminal, typed):
    code, document = terminal.json(*typed)
    assert code == 2
    assert document["ok"] is False
    assert document["schema"] == "mlctl.error/1"
    assert document["error"]["id"] == "usage"
    assert document["error"]["exit"] == 2
    assert document["error"]["hints"][0].endswith("--help")


def test_every_hint_of_a_usage_error_works_as_typed(terminal):
    for typed in (["promot"], ["data", "ad"], ["zzz"], ["status", "--chek"]):
        _, document = terminal.json(*typed)
        for hint in document["error"]["hints"]:
            assert terminal.run(*hint.split()[1:]).returncode == 0, hint


def test_the_folder_may_be_named_before_or_after_the_command(project, tmp_path_factory):
    elsewhere = type(project)(tmp_path_factory.mktemp("elsewhere"))
    inside = project.run("status").stdout
    assert elsewhere.run("-C", str(project.folder), "status").stdout == inside
    assert elsewhere.run("status", "-C", str(project.folder)).stdout == inside
    assert elsewhere.run("status", env={"MLCTL_DIR": str(project.folder)}).stdout == inside


def test_folders_add_up_as_git_has_it(project):
    above = type(project)(project.folder.parent)
    (project.folder / "deep").mkdir()
    done = above.run("-C", project.folder.name, "status", "-C", "deep")
    assert done.stdout == project.run("status").stdout


def test_a_named_folder_wins_over_the_environment(project, tmp_path_factory):
    elsewhere = type(project)(tmp_path_factory.mktemp("elsewhere"))
    done = elsewhere.run("-C", str(project.folder), "status", env={"MLCTL_DIR": "/nowhere"})
    assert done.stdout == project.run("status").stdout
    done = elsewhere.run("status", env={"MLCTL_DIR": "nowhere"})
    assert done.returncode == 2
    assert "MLCTL_DIR=nowhere" in done.stderr


def test_json_may_be_asked_for_by_the_environment(project):
    asked = project.run("status", env={"MLCTL_JSON": "1"})
    assert json.loads(asked.stdout) == project.json("status")[1]
    assert project.run("status", env={"MLCTL_JSON": "0"}).stdout == project.run("status").stdout


def test_advice_is_shown_where_it_is_asked_for(project):
    assert "next: mlctl data add rides.csv" in project.run("status", "-v").stderr
    assert "next: mlctl data add rides.csv" in project.run("status", env={"MLCTL_VERBOSE": "1"}).stderr
    assert "next:" not in project.run("status").stderr
    assert project.run("status", "-q").stderr == ""


def test_outside_a_repository_the_error_says_what_to_type(terminal):
    code, document = terminal.json("status")
    assert code == 10
    assert document["error"]["id"] == "no_repository"


def test_the_tree_is_described_with_schemas_and_exit_codes(terminal):
    done = terminal.run("--describe")
    assert done.returncode == 0, done.stderr
    tree = json.loads(done.stdout)["data"]
    assert [one["command"] for one in tree["commands"]] == list(table.COMMANDS)
    for one in tree["commands"]:
        assert one["summary"]
        assert one["examples"], one["command"]
        stem = table.stem_of(one["command"])
        assert one["json"] is (stem not in table.WITHOUT_VERB), one["command"]
        assert bool(one["data"]) is one["json"]
    codes = [row["exit"] for row in tree["exit_codes"]]
    assert codes == sorted(set(codes))
    assert {0, 1, 2, 10, 40, 41, 43, 93, 130, 141} <= set(codes)


CTRL_C_WHILE_COMPILED_CODE_STARTS = """
import importlib.abc, os, signal, sys
from mlctl.__main__ import _import_msgspec

class Presses(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "msgspec._core":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presses())
try:
    _import_msgspec()
except KeyboardInterrupt:
    print("whole" if hasattr(sys.modules.get("msgspec"), "Struct") else "half")
"""


def test_ctrl_c_waits_until_a_compiled_module_has_started():
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_WHILE_COMPILED_CODE_STARTS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr

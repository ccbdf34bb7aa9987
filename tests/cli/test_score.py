"""`mlctl score` in a terminal and for programs."""

import shlex

import pytest

LOADED = """
import sys
sys.argv = ["mlctl", *sys.argv[1:]]
from mlctl.__main__ import main
main()
print(*sys.modules, file=sys.stderr)
"""


def steps(project):
    code, document = project.json("score")
    assert code == 0
    return document["data"], sorted({item["next"] for item in document["data"]["items"] if item["next"]})


def test_every_command_that_it_names_works_as_typed(project):
    found, commands = steps(project)
    assert (found["score"], found["open"]) == (0, 28)
    assert any(command == "mlctl train demand" for command in commands)
    for round_ in range(3):
        for command in commands:
            done = project.run(*shlex.split(command)[1:])
            assert done.returncode in {0, 40, 41}, (round_, command, done.stderr)
        found, commands = steps(project)
    assert found["version"] is not None
    assert found["open"] < 28


def test_in_the_terminal_each_item_has_a_line_and_with_v_its_evidence(project):
    lines = project.run("score").stdout.splitlines()
    assert lines[0] == "demand: 0 of 7, a research project rather than something for production"
    assert sum(line.startswith("  -  ") for line in lines) == 28
    assert "    try: mlctl spec explain score" in project.run("score", "-v").stdout


def test_a_check_below_the_least_exits_40_with_a_hint_that_works(project):
    code, document = project.json("score", "--check", "--min", "0.5")
    assert code == 40
    assert document["data"]["open"] == 28
    hint = document["error"]["hints"][0]
    assert project.run(*shlex.split(hint)[1:]).returncode == 0


@pytest.mark.parametrize("command", ["score", "card"])
def test_nothing_heavy_is_loaded(project, command):
    assert project.run("train").returncode == 0
    done = project.python(LOADED, command)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.split())
    assert f"mlctl.verbs.{command}" in loaded
    assert not loaded & {"sklearn", "pyarrow", "numpy", "scipy", "dvc", "git", "httpx"}

"""A plain `push` goes without the parser, and says the same."""

import pytest

MODULES = """
import sys
from mlctl.__main__ import main
sys.argv = ["mlctl", *sys.argv[1:]]
code = main()
heavy = {"typer", "rich", "importlib.metadata", "pyarrow", "sklearn", "git", "dvc"}
print(*sorted(heavy & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def shared(project, tmp_path_factory):
    """The project on a remote, with nothing left to push."""
    assert project.run("data", "add").returncode == 0
    where = tmp_path_factory.mktemp("away") / "store"
    assert project.run("remote", "add", "origin", str(where)).returncode == 0
    assert project.run("push").returncode == 0
    return project


def test_a_push_of_nothing_loads_neither_parser_nor_console_nor_what_it_does_not_need(shared):
    done = shared.python(MODULES, "push")
    assert (done.returncode, done.stdout, done.stderr.split()) == (0, "nothing to push to origin\n", [])


def test_it_says_what_the_parsed_command_says(shared):
    assert shared.run("push").stdout == shared.run("push", "-q").stdout
    assert shared.json("push") == (0, shared.json("push", "-q")[1])

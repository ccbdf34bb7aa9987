"""Help pages, and what they may cost: asking for help must not load an engine."""

import shlex

import pytest

from mlctl.cli import help as pages
from mlctl.cli import table

HEAVY = ("sklearn", "pyarrow", "duckdb", "dvc", "git", "httpx", "pydantic")
LOADED = f"""
import sys
from mlctl.__main__ import main
sys.argv = ["mlctl", *sys.argv[1:]]
try:
    code = main()
finally:
    print(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("path", table.COMMANDS)
def test_help_starts_with_examples_and_loads_no_engine(terminal, path):
    done = terminal.python(LOADED, *path.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    summary, blank, heading, example, *rest = done.stdout.splitlines()
    assert (blank, heading) == ("", "Examples:"), summary
    assert example.startswith(f"  mlctl {path}"), example
    assert any(line.startswith("Usage: mlctl") for line in rest)
    for option in ("-C DIR", "-q, --quiet", "-v, --verbose", "--debug", "-h, --help"):
        assert any(line.strip().startswith(option) for line in rest), option


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"], ["data", "--help"], ["data"]])
def test_the_plain_questions_load_no_engine(terminal, arguments):
    done = terminal.python(LOADED, *arguments)
    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["status", "-q"]])
def test_status_loads_no_engine(project, arguments):
    project.quiet("rides.csv")
    added = project.run("data", "add")
    assert added.returncode == 0, added.stderr
    done = project.python(LOADED, *arguments)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_root_help_imports_no_command(terminal):
    code = LOADED.replace(repr(HEAVY), "{m for m in sys.modules if m.startswith('mlctl.cli.commands.')}")
    done = terminal.python(code, "--help")
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_root_help_names_every_first_word(terminal):
    page = terminal.run("--help").stdout
    words = {line.split()[0] for line in page.splitlines() if line.startswith("  ") and line.strip()}
    assert {path.split()[0] for path in table.COMMANDS} <= words


def test_a_page_fits_into_80_columns(terminal):
    for arguments in (["--help"], ["init", "--help"], ["data", "--help"]):
        lines = terminal.run(*arguments).stdout.splitlines()
        inside_examples = [line for line in lines if not line.startswith("  mlctl ")]
        assert max(map(len, inside_examples)) <= 80


def test_every_example_of_a_group_is_a_command():
    for examples in pages.EXAMPLES.values():
        for example in examples:
            words = shlex.split(example)
            assert words[0] == "mlctl"
            assert words[1] in table.COMMANDS or " ".join(words[1:3]) in table.COMMANDS, example

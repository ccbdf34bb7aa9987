"""The stem is the map: from the table to command, verb, request, tests and documentation, unbroken."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from mlctl.cli import help as pages
from mlctl.cli import table

ROOT = Path(__file__).parents[2]
PATHS = list(table.COMMANDS)
WITH_VERB = [path for path in PATHS if table.stem_of(path) not in table.WITHOUT_VERB]


@pytest.mark.parametrize("path", PATHS)
def test_the_entry_imports_and_its_summary_is_the_docstrings_first_line(path):
    function = table.load(table.command_target(table.stem_of(path)))
    assert pages.parts_of(function.__doc__ or "")[0] == table.COMMANDS[path]


@pytest.mark.parametrize("path", PATHS)
def test_every_example_of_a_command_begins_with_it(path):
    function = table.load(table.command_target(table.stem_of(path)))
    _, examples, _ = pages.parts_of(function.__doc__ or "")
    assert examples
    for example in examples:
        assert f"mlctl {path}" in example, example


@pytest.mark.parametrize("path", WITH_VERB)
def test_the_chain_of_a_verb_is_unbroken(path):
    stem = table.stem_of(path)
    for target in (table.verb_target(stem), table.render_target(stem), table.result_target(stem)):
        assert callable(table.load(target)), target
    request = table.result_target(stem).removesuffix("Result") + "Request"
    assert inspect.isclass(table.load(request))
    assert (ROOT / "tests" / "verbs" / f"test_{stem}.py").is_file()


@pytest.mark.parametrize("path", WITH_VERB)
def test_a_verb_module_has_one_public_function_named_like_it(path):
    stem = table.stem_of(path)
    module = importlib.import_module(f"mlctl.verbs.{stem}")
    own = [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert own == [stem]


@pytest.mark.parametrize("path", PATHS)
def test_the_terminals_tests_run_the_command(path):
    words = r'",\s*"'.join(path.split())
    typed = re.compile(rf'"{words}"|mlctl {path}\b')
    files = sorted((ROOT / "tests" / "cli").glob("test_*.py")) + sorted((ROOT / "tests" / "e2e").glob("*.py"))
    assert any(typed.search(file.read_text(encoding="utf-8")) for file in files)


def test_there_is_no_command_or_verb_beside_the_table():
    stems = {table.stem_of(path) for path in PATHS}
    commands = {file.stem for file in (ROOT / "mlctl" / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert commands == stems
    requests = {file.stem for file in (ROOT / "mlctl" / "domain" / "requests").glob("*.py")} - {"__init__"}
    assert requests == stems - table.WITHOUT_VERB


def test_groups_and_sections_of_help_cover_the_table():
    words = {path.split()[0] for path in PATHS}
    assert {word for members in table.SECTIONS.values() for word in members} == words
    grouped = {path.split()[0] for path in PATHS if " " in path}
    assert {word for word in grouped if word not in PATHS} == set(table.GROUPS)
    assert set(pages.EXAMPLES) == {"", *table.GROUPS}

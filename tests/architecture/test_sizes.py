"""Files and functions stay small enough to be read at once."""

import ast
from pathlib import Path

import mlctl

PACKAGE = Path(mlctl.__file__).parent
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def test_no_file_is_longer_than_a_few_screens():
    long = {
        str(file.relative_to(PACKAGE)): lines
        for file in PACKAGE.rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{file.relative_to(PACKAGE)}:{node.lineno} {node.name}"] = lines
    assert not long


def test_every_module_opens_with_what_it_is_for():
    silent, long = [], []
    for file in PACKAGE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        if not docstring:
            silent.append(str(file.relative_to(PACKAGE)))
        elif len(docstring.splitlines()) > 8 and file.name not in {
            "errors.py",
            "refs.py",
        }:  # these draw a tree
            long.append(str(file.relative_to(PACKAGE)))
    assert not silent
    assert not long


def test_no_module_has_a_name_that_says_nothing():
    nothing = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "misc"}
    assert not [file for file in PACKAGE.rglob("*.py") if file.stem in nothing]

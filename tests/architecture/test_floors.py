"""The floors of the house, held by import-linter without an exceptions list."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_goes_downward():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout


def test_no_contract_has_an_exceptions_list():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert len(settings["contracts"]) >= 6
    assert not [one["name"] for one in settings["contracts"] if "ignore_imports" in one]

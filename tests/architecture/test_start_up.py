"""What the program loads before it knows what is asked."""

import subprocess
import sys

import pytest

LOADED = """
import sys

import pytest
before = set(sys.modules)
sys.argv = ["mlctl", *sys.argv[1:]]
from mlctl.__main__ import main
main()
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


def loaded(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.split())


def test_the_version_is_told_with_next_to_nothing_loaded():
    names = loaded("--version")
    assert {name for name in names if name.startswith("mlctl")} == {"mlctl", "mlctl.__main__"}
    assert not names & {"typing", "re", "msgspec", "typer"}


def test_the_quick_status_loads_neither_typer_nor_rich(tmp_path):
    names = loaded_by_status(tmp_path)
    assert "mlctl.verbs.status" in names
    assert not names & {"typer", "rich", "sklearn", "pyarrow", "numpy", "git", "dvc", "httpx", "pydantic"}


def loaded_by_status(folder):
    made = subprocess.run(
        [sys.executable, "-m", "mlctl", "init", str(folder), "--template", "bare"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "status"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=folder,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("data", "status"), ("data", "add", "d"), ("data", "checkout", "d")])
def test_where_no_data_changed_next_to_nothing_is_loaded(tmp_path, arguments):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/x").write_text("x")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=60)
    for command in (("init",), ("data", "add", "d")):
        made = [sys.executable, "-m", "mlctl", *command]
        subprocess.run(made, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = set(done.stderr.split())
    assert "mlctl.workspace.survey" in names
    heavy = {"typer", "rich", "pyarrow", "numpy", "git", "dvc", "httpx", "ruamel", "importlib.metadata"}
    assert not names & heavy

"""The completion scripts do their work in a real shell, without starting the program."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mlctl.cli import table
from mlctl.cli.complete import FILES, SHELLS, shipped
from mlctl.domain.errors import NotFound

ROOT = Path(__file__).parents[2]
BASH = """
mlctl() { echo "the program was started" >&2; exit 9; }
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_mlctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(folder, *words):
    """What bash would offer for the last word."""
    script = ROOT / "completions" / FILES["bash"]
    done = subprocess.run(
        ["bash", "-c", BASH, "bash", str(script), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return set(done.stdout.split())


def test_the_first_word_is_a_command(tmp_path):
    assert completed(tmp_path, "mlctl", "") == {path.split()[0] for path in table.COMMANDS}
    assert completed(tmp_path, "mlctl", "pro") == {"promote"}
    assert completed(tmp_path, "mlctl", "-q", "pro") == {"promote"}
    assert completed(tmp_path, "mlctl", "-C", "x", "pro") == {"promote"}


def test_the_second_word_of_a_group_is_one_of_its_commands(tmp_path):
    assert completed(tmp_path, "mlctl", "data", "") == {
        path.split()[1] for path in table.COMMANDS if path.startswith("data ")
    }


def test_options_are_those_of_the_command(tmp_path):
    assert completed(tmp_path, "mlctl", "status", "--c") == {"--check"}
    assert {"--json", "--dry-run", "--name", "-C", "--debug"} <= completed(
        tmp_path, "mlctl", "data", "add", "-"
    )


def test_files_are_offered_where_files_are_meant(tmp_path):
    (tmp_path / "hour.csv").touch()
    (tmp_path / "folder").mkdir()
    assert completed(tmp_path, "mlctl", "data", "add", "h") == {"hour.csv"}
    assert completed(tmp_path, "mlctl", "-C", "") == {"folder"}
    assert completed(tmp_path, "mlctl", "init", "--from", "h") == {"hour.csv"}


def test_words_with_a_fixed_set_are_offered(tmp_path):
    assert completed(tmp_path, "mlctl", "completion", "") == set(SHELLS)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shipped_script_is_printed(shell):
    assert shipped(shell) == (ROOT / "completions" / FILES[shell]).read_text(encoding="utf-8")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command_and_parses(shell):
    text = shipped(shell)
    for path in table.COMMANDS:
        assert path.split()[-1] in text
    if shutil.which(shell):
        done = subprocess.run(
            [shell, "-n", str(ROOT / "completions" / FILES[shell])], check=False, timeout=30
        )
        assert done.returncode == 0


def test_an_unknown_shell_is_told_what_there_is():
    with pytest.raises(NotFound) as raised:
        shipped("tcsh")
    assert "bash, zsh, fish" in raised.value.message
